"""The looks at planned experiments that have been taken."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from experiments.models.experiment import Experiment
from glozr.ids import new_id


class Look(models.Model):
    """One look, taken once by `experiments.results.looks.taking` and kept with its figures.

    Its figures are of the visitors whose span had closed when it was due, whenever it was taken. A
    look that could not be taken then is kept as well, with the reason.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="looks", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(db_default=Now())
    fraction = models.FloatField(help_text="The smallest variant's closed spans over the plan's.")
    is_last = models.BooleanField()
    missed = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Why it has no figures."
    )
    statistics = models.JSONField(default=list, help_text="z of every treatment, in order.")
    bound = models.FloatField(null=True, help_text="On each of them, in standard errors.")
    is_futile = models.BooleanField(null=True)
    figures = models.JSONField(default=list, help_text="Every treatment against the control.")

    class Meta:
        db_table = "experiment_looks"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="looks_once"),
            models.CheckConstraint(
                condition=~models.Q(missed="") | models.Q(bound__isnull=False),
                name="looks_have_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"Look {self.number} of {self.experiment_id}"
