"""The language model that a workspace tries its agents with."""

from django.db import models

from agents import limits
from agents.models.workspace import Workspace


class ModelEndpoint(models.Model):
    """An OpenAI-compatible endpoint. `calls` are those of the day `called_on`, in the workspace's
    time zone; the day's first call begins to count anew."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, primary_key=True, related_name="model_endpoint"
    )
    url = models.CharField(max_length=limits.ENDPOINT_URL)
    model = models.CharField(max_length=limits.MODEL_NAME)
    sealed_key = models.TextField(
        blank=True, editable=False, help_text="See `glozr.secrets`; empty: it asks for none."
    )
    calls_a_day = models.PositiveIntegerField(default=limits.MODEL_CALLS)
    called_on = models.DateField(null=True, editable=False)
    calls = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        db_table = "model_endpoints"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(url="") & ~models.Q(model=""), name="model_endpoints_named"
            ),
            models.CheckConstraint(
                condition=models.Q(calls_a_day__range=(1, limits.MOST_MODEL_CALLS)),
                name="model_endpoints_calls_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.model
