"""The history of a workspace, and the long texts that histories speak of."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from agents.models.agent import Agent
from agents.models.workspace import Workspace
from glozr.ids import new_id


class WorkspaceAction(models.TextChoices):
    WORKSPACE_CREATED = "workspace_created", "Workspace created"
    WORKSPACE_EDITED = "workspace_edited", "Settings changed"
    MEMBER_ADDED = "member_added", "Member added"
    MEMBER_JOINED = "member_joined", "Member joined"
    ROLE_CHANGED = "role_changed", "Role changed"
    MEMBER_REMOVED = "member_removed", "Member removed"
    MEMBER_LEFT = "member_left", "Member left"
    INVITED = "invited", "Invited"
    INVITED_AGAIN = "invited_again", "Invited again"
    INVITATION_WITHDRAWN = "invitation_withdrawn", "Invitation withdrawn"
    TOKEN_CREATED = "token_created", "Token created"
    TOKEN_ROTATED = "token_rotated", "Token given a new key"
    TOKEN_REVOKED = "token_revoked", "Token revoked"
    AGENT_CREATED = "agent_created", "Agent created"
    AGENT_EDITED = "agent_edited", "Agent edited"
    SIGNED_IN = "signed_in", "Signed in"
    VISITORS_LEFT_OUT = "visitors_left_out", "Visitors left out"
    VISITORS_COUNTED_IN = "visitors_counted_in", "Visitors counted in"
    VISITOR_ERASED = "visitor_erased", "Visitor erased"
    VISITOR_EXPORTED = "visitor_exported", "Visitor exported"
    PUT_INTO_USE = "put_into_use", "Variant put into use"
    TAKEN_BACK = "taken_back", "Variant taken back"
    WEBHOOK_ADDED = "webhook_added", "Webhook added"
    WEBHOOK_CHANGED = "webhook_changed", "Webhook changed"
    WEBHOOK_REMOVED = "webhook_removed", "Webhook removed"
    MODEL_SET = "model_set", "Model set"
    MODEL_REMOVED = "model_removed", "Model removed"


class WorkspaceEvent(models.Model):
    """Something that was done in a workspace: who, when, to what. Written by `agents.audit`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    action = models.CharField(max_length=32, choices=WorkspaceAction.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=254, help_text="Outlives the account or token.")
    agent = models.ForeignKey(
        Agent,
        on_delete=models.SET_NULL,
        null=True,
        related_name="events",
        db_index=False,
        help_text="Whose own history it is in as well.",
    )
    subject = models.CharField(max_length=254, blank=True, help_text="Whom or what it was about.")
    changes = models.JSONField(default=dict, help_text="For each field: what it was, what it is.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "workspace_events"
        indexes = [
            models.Index(
                fields=["workspace", "-created_at", "-id"], name="workspace_events_newest"
            ),
            models.Index(
                fields=["agent", "-created_at", "-id"],
                name="workspace_events_of_agent",
                condition=models.Q(agent__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=WorkspaceAction.values),
                name="workspace_events_action_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} by {self.actor_name}"


class KeptText(models.Model):
    """A long text of a workspace's histories: each once, however many events speak of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the text, hexadecimal.")
    content = models.TextField()

    class Meta:
        db_table = "kept_texts"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "digest"], name="kept_texts_once")
        ]

    def __str__(self) -> str:
        return self.content[:60]
