"""What is due by schedule is done: once, by whichever background process comes first.

Which experiments are due is read without a lock, and asked again of each, alone on its agent. What
can't be started is not tried again: its history says why, and its schedule is gone.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Now

from experiments import lifecycle
from experiments.lifecycle.editing import alone
from experiments.lifecycle.schedule import drop_start, schedule_of
from experiments.models import AssignedCount, Experiment
from glozr.background import IsStopping, never
from glozr.errors import DomainError, Invalid, NotFound
from glozr.postgres.clock import database_time

_log = logging.getLogger("glozr.schedules")
AT_ONCE = 100
"""Of a kind, before it is asked anew what is due."""
DECISIONS_AT_ONCE = 20
SOUGHT_EVERY = timedelta(minutes=5)
"""So often it is asked of an experiment whether it is decided."""


def start_and_end_due(is_stopping: IsStopping = never) -> None:
    """End what has come to its end, then start what is to start."""
    running = Experiment.objects.running()
    for found, step in (
        (running.filter(ends_at__lte=Now()).order_by("ends_at"), lifecycle.end),
        (_full(), lifecycle.end),
        (_to_start(), start_scheduled),
    ):
        for experiment in found[:AT_ONCE]:
            if is_stopping():
                return
            _carefully(step, experiment)


def end_decided(is_stopping: IsStopping = never) -> None:
    """End those that are to end when decided, and are. Each is looked at every few minutes."""
    while not is_stopping() and (claimed := _claimed()):
        for experiment in claimed:
            if is_stopping():
                return
            _carefully(_end_if_decided, experiment)


def start_scheduled(experiment: Experiment) -> bool:
    """Start it if the time has come, or note why that can't be. Whether it was started.

    Raises:
        NotFound: it has been deleted since.
    """
    with alone(experiment) as current:
        schedule = schedule_of(current)
        if schedule is None or schedule.starts_at is None or schedule.starts_at > database_time():
            return False
        try:
            with transaction.atomic():
                lifecycle.start(
                    current, by=None, on_conflict=schedule.on_conflict, is_scheduled=True
                )
        except DomainError as refusal:
            reason = refusal.in_lines() if isinstance(refusal, Invalid) else refusal.detail
            drop_start(current, reason=reason)
            return False
    return True


def _full() -> QuerySet[Experiment]:
    """Running ones of which a variant has the visitors at which they end."""
    counts = AssignedCount.objects.filter(agent=OuterRef("agent"), experiment=OuterRef("pk"))
    fullest = counts.values("variant_id").annotate(total=Sum("visitors")).order_by("-total")
    return (
        Experiment.objects.running()
        .filter(ends_at_visitors__isnull=False)
        .annotate(fullest=Subquery(fullest.values("total")[:1]))
        .filter(fullest__gte=F("ends_at_visitors"))
    )


def _to_start() -> QuerySet[Experiment]:
    return Experiment.objects.filter(starts_at__lte=Now()).order_by("starts_at")


def _claimed() -> list[Experiment]:
    """Some that nobody has looked at for long, which from now on somebody has."""
    long_ago = Q(decision_sought_at=None) | Q(decision_sought_at__lte=Now() - SOUGHT_EVERY)
    with transaction.atomic():
        found = list(
            Experiment.objects.running()
            .filter(long_ago, ends_when_decided=True)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("agent__workspace")
            .order_by(F("decision_sought_at").asc(nulls_first=True))[:DECISIONS_AT_ONCE]
        )
        Experiment.objects.filter(pk__in=[each.pk for each in found]).update(
            decision_sought_at=Now()
        )
    return found


def _end_if_decided(experiment: Experiment) -> bool:
    from experiments.schedules.decided import is_decided  # loads all that computes

    return is_decided(experiment) and lifecycle.end(experiment, is_decided=True)


def _carefully(step: Callable[[Experiment], object], experiment: Experiment) -> None:
    """One that fails holds up no other, and is tried again."""
    try:
        step(experiment)
    except NotFound:
        pass  # deleted meanwhile
    except Exception:
        _log.exception("%s of experiment %s failed", step.__name__, experiment.pk)
