"""Of which experiments a look is due, for who takes looks only then: taking one loads all that
computes."""

from datetime import timedelta
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now

from experiments import limits
from experiments.models import Experiment, Status
from glozr.background import IsStopping, never

DAY_OF_WINDOW = timedelta(days=1)


def take_those_due(is_stopping: IsStopping = never) -> None:
    """`taking.take_due_looks`, if there are any."""
    if experiments_due(1):
        from experiments.results.looks.taking import take_due_looks

        take_due_looks(is_stopping)


def experiments_due(at_most: int) -> list[tuple[UUID, UUID]]:
    """Ids of experiments and their agents, who waits the longest first."""
    window = ExpressionWrapper(F("window_days") * Value(DAY_OF_WINDOW), DurationField())
    is_final = Q(status=Status.STOPPED, stopped_at__lte=Now() - limits.LATENESS - window)
    due = Experiment.objects.filter(next_look_at__isnull=False).filter(
        Q(next_look_at__lte=Now()) | is_final
    )
    return list(due.order_by("next_look_at").values_list("pk", "agent_id")[:at_most])
