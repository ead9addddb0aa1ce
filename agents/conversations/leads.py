"""Services on leads: what people do with the contact details that visitors left."""

from django.db.models.functions import Now

from agents.models import Lead, LeadStatus
from glozr.errors import FieldError, Invalid


def change_status(lead: Lead, *, status: str) -> None:
    """Note how far the lead has come.

    Raises:
        Invalid: there is no such status.
    """
    if status not in LeadStatus.values:
        raise Invalid(
            [FieldError("status", "invalid_choice", f"Choose one of {', '.join(LeadStatus)}.")]
        )
    Lead.objects.filter(pk=lead.pk).exclude(status=status).update(status=status, updated_at=Now())
