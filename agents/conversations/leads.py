"""Services on leads: what people do with the contact details that visitors left."""

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Lead, LeadRepeat, LeadStatus, LeadStatusChange
from glozr.errors import FieldError, Invalid


def change_status(lead: Lead, *, status: str) -> frozenset[str]:
    """Note how far the lead has come, and when; the visitors whose lead it is, none without a
    change.

    Raises:
        Invalid: there is no such status.
    """
    if status not in LeadStatus.values:
        raise Invalid(
            [FieldError("status", "invalid_choice", f"Choose one of {', '.join(LeadStatus)}.")]
        )
    with transaction.atomic():
        rows = Lead.objects.of_agent(lead.agent_id).filter(pk=lead.pk)
        was, visitor_id = rows.select_for_update().values_list("status", "visitor_id").get()
        if was == status:
            return frozenset()
        rows.update(status=status, updated_at=Now())
        LeadStatusChange.objects.create(agent_id=lead.agent_id, lead=lead, was=was, became=status)
        again = LeadRepeat.objects.filter(agent=lead.agent_id, lead=lead)
        return frozenset({visitor_id, *again.values_list("visitor_id", flat=True)})
