"""An embeddable AI chat agent."""

from django.db import models
from django.urls import reverse

from agents import limits
from agents.models.workspace import Workspace
from agents.navigation import agent_tabs
from glozr.ids import new_id


def default_persona() -> dict[str, str]:
    return {"name": "Assistant", "tone": "friendly, clear and brief"}


class Agent(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agents")
    name = models.CharField(max_length=limits.AGENT_NAME, help_text="Seen in the dashboard only.")
    persona = models.JSONField(default=default_persona)
    system_prompt = models.TextField(
        blank=True,
        max_length=limits.SYSTEM_PROMPT,
        help_text="Added after the built-in part and the persona.",
    )
    config_version = models.BigIntegerField(
        default=1,
        editable=False,
        help_text="Raised by every change that can alter an answer of the runtime API.",
    )
    revision = models.PositiveIntegerField(
        default=1,
        db_default=1,
        editable=False,
        help_text="The number of the revision in force: what persona and prompt say now.",
    )
    urgent_revision = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Of the latest revision that conversations under way answer with too; 0: none.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "agents"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="agents_named"),
            models.CheckConstraint(
                condition=models.Q(persona__has_keys=["name", "tone"]),
                name="agents_persona_complete",
                violation_error_code="persona",
                violation_error_message="A persona needs a name and a tone.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse(agent_tabs()[0].url_name, args=[self.pk])
