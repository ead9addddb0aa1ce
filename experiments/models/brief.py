"""How an experiment stood when somebody last worked it out, for lists of many."""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from experiments.models.experiment import Experiment


class KeptBrief(models.Model):
    """Kept by `experiments.outcomes.briefs`, which reads `said`."""

    experiment = models.OneToOneField(
        Experiment, on_delete=models.CASCADE, primary_key=True, related_name="brief"
    )
    said: "models.JSONField[Any, Any]" = models.JSONField()
    as_of = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "experiment_briefs"

    def __str__(self) -> str:
        return f"{self.experiment_id}: {self.said}"
