"""Bring a moment of a schedule near: what the product sets is at least ten minutes ahead."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from agents.agents.editing import changing
from experiments.models import Experiment


def from_now(**how_far: float) -> Any:
    """By the database's clock."""
    return Now() + timedelta(**how_far)


def given(experiment: Experiment, **columns: Any) -> Experiment:
    """The experiment with these columns, as if somebody had set them in time."""
    with changing(experiment.agent_id):
        Experiment.objects.filter(pk=experiment.pk).update(**columns)
    return Experiment.objects.get(pk=experiment.pk)
