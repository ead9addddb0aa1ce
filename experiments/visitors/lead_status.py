"""How far a lead has come, which figures count as well."""

from collections.abc import Sequence

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


def change_lead_statuses(changed: Sequence[Lead], *, status: str) -> None:
    """Note the status of several, in one transaction.

    Raises:
        Invalid: there is no such status.
    """
    with transaction.atomic():
        for lead in sorted(changed, key=lambda one: one.pk):  # in one order, so that none waits
            change_lead_status(lead, status=status)
