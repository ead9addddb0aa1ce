"""How far a lead has come, which figures count as well."""

from django.db import transaction

from agents.conversations import leads
from agents.models import Lead
from experiments.models import PendingCount


def change_lead_status(lead: Lead, *, status: str) -> None:
    """Note the status, for people and in the figures of whoever left the lead.

    Raises:
        Invalid: there is no such status.
    """
    with transaction.atomic():
        visitors = leads.change_status(lead, status=status)
        PendingCount.objects.bulk_create(
            PendingCount(agent_id=lead.agent_id, visitor_id=visitor) for visitor in visitors
        )
