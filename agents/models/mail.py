"""The outbox: mail as rows, written with what it is about and sent afterwards."""

from django.db import models
from django.db.models.functions import Lower, Now

from agents import limits
from agents.models.user import User
from agents.models.workspace import Workspace
from glozr.ids import new_id


class MailState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"
    HELD_BACK = "held_back", "Held back: the demo sends none"
    WITHDRAWN = "withdrawn", "Withdrawn"
    NOT_NEEDED = "not_needed", "Nobody to send it to"


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def to(self, recipient: str) -> "OutgoingMailQuerySet":
        """In whichever case the address was written."""
        return self.alias(address=Lower("recipient")).filter(address=Lower(models.Value(recipient)))

    def due(self) -> "OutgoingMailQuerySet":
        return self.filter(state=MailState.WAITING, due_at__lte=Now())

    def failed(self) -> "OutgoingMailQuerySet":
        return self.filter(state=MailState.FAILED)


class OutgoingMail(models.Model):
    """A mail to one recipient. What it says is forgotten once it has been sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(max_length=limits.MAIL_PURPOSE)
    recipient = models.CharField(max_length=limits.MAIL_ADDRESS)
    sender = models.CharField(max_length=limits.MAIL_ADDRESS, blank=True)
    subject = models.CharField(max_length=limits.MAIL_SUBJECT, blank=True)
    body = models.TextField(blank=True, help_text="Empty for what is written when it is sent.")
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    details = models.JSONField(default=dict, help_text="For what is written when it is sent.")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, null=True, related_name="mail"
    )
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    about = models.UUIDField(null=True, help_text="The id of what it is about.")
    state = models.CharField(
        max_length=16, choices=MailState.choices, default=MailState.WAITING, db_default="waiting"
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    problem = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        db_table = "outgoing_mail"
        verbose_name = verbose_name_plural = "outgoing mail"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="outgoing_mail_due"
            ),
            models.Index(Lower("recipient"), "created_at", name="outgoing_mail_by_recipient"),
            models.Index(fields=["workspace", "created_at"], name="outgoing_mail_by_workspace"),
            models.Index(fields=["requested_by", "created_at"], name="outgoing_mail_by_person"),
            models.Index(fields=["created_at"], name="outgoing_mail_by_age"),
            models.Index(
                fields=["about"],
                condition=models.Q(about__isnull=False),
                name="outgoing_mail_by_subject",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=MailState.values), name="outgoing_mail_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "failed", "held_back"])
                | models.Q(body="", html=""),
                name="outgoing_mail_forgotten",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} to {self.recipient}"

    def get_purpose_display(self) -> str:
        """For people: what kind of mail it is."""
        return self.purpose.replace("_", " ").capitalize()

    @property
    def can_be_sent_again(self) -> bool:
        """Whether what it said is still there, or is written anew when it is sent."""
        return self.state == MailState.FAILED and bool(self.body or self.details)
