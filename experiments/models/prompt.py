"""Which prompts variants answered with."""

from django.db import models
from django.db.models.functions import Now

from agents.models import Agent
from experiments.models.experiment import Variant
from glozr.ids import new_id


class VariantPrompt(models.Model):
    """The digest of the system prompt that a variant answers with at a revision of its agent.

    Noted by `experiments.runtime.answers` before the first conversation gets it. Conversations name
    variant and revision, so that millions of them keep no digest each. A release that words the
    built-in part anew adds a second row.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the variant's own key proves it
    )
    variant = models.ForeignKey(
        Variant, on_delete=models.CASCADE, related_name="prompts", db_index=False
    )
    revision = models.IntegerField(help_text="Of the agent.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the prompt, hexadecimal.")
    noted_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "variant_prompts"
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "variant", "revision", "digest"], name="variant_prompts_once"
            )
        ]
        indexes = [models.Index(fields=["variant"], name="variant_prompts_by_variant")]

    def __str__(self) -> str:
        return f"{self.digest[:8]} at revision {self.revision}"
