"""Take the looks that are due: each once, whoever is first, and never again.

A look is of the visitors whose span had closed when it was due: those assigned a window and a
quarter of an hour before, or earlier, with all that they did within their spans. So it says the
same however late it is taken, but for what was received late or left out meanwhile. Its information
fraction is the smallest variant's number of them over the planned one.

Looks are due at the ends of the weeks that the plan names. The last is that of the last week, or
the one at which the planned number is there. When the experiment is stopped, the last is taken as
soon as its figures are final. The row of the experiment is locked meanwhile, so that of several
background processes one takes a look and the others find it taken.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from experiments import limits
from experiments.models import Experiment, Look
from experiments.plans.frozen import FrozenPlan, plan_of_start
from experiments.results import rollup, totals
from experiments.results.looks.due import experiments_due
from experiments.results.looks.kept import as_kept
from experiments.results.metrics import METRIC_OF_KEY
from experiments.statistics import Arm
from experiments.statistics.planned import TakenLook, take_look, why_no_look
from experiments.sums import NOTHING
from glozr.background import IsStopping, never

EXPERIMENTS_AT_ONCE = 100
COUNTING_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DueLook:
    """`is_last` when no other will follow, however many visitors there are."""

    number: int
    due_at: datetime
    is_last: bool


def take_due_looks(is_stopping: IsStopping = never) -> bool:
    """Take what is due of up to EXPERIMENTS_AT_ONCE experiments; whether there was anything."""
    found = False
    for experiment_id, agent_id in experiments_due(EXPERIMENTS_AT_ONCE):
        try:
            while not is_stopping() and take_next(experiment_id, agent_id):
                found = True
        except DatabaseError:
            raise
        except Exception:  # of one experiment, which must not keep the others waiting
            _log.exception("No look could be taken at experiment %s", experiment_id)
    return found


def take_next(experiment_id: UUID, agent_id: UUID) -> bool:
    """Take the next look at the experiment if it is due; whether it was, and nobody else did."""
    if not rollup.bring_up_to_date(agent_id, seconds=COUNTING_SECONDS):
        return False
    with transaction.atomic():
        experiment = (
            Experiment.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(pk=experiment_id, next_look_at__isnull=False)
            .annotate(now=Now())
            .first()
        )
        if experiment is None:
            return False
        plan = plan_of_start(experiment)
        assert plan is not None
        taken = list(experiment.looks.all())
        due = due_look(experiment, plan, len(taken))
        now: datetime = vars(experiment)["now"]  # the database's, which all processes share
        if due is None or due.due_at > now:
            return False
        _take(experiment, plan, taken, due)
    return True


def due_look(experiment: Experiment, plan: FrozenPlan, taken: int) -> DueLook | None:
    """The look that comes after so many, now or later; None when all were taken."""
    if experiment.next_look_at is None:
        return None
    number, due_at = taken + 1, experiment.next_look_at
    if experiment.stopped_at is not None:
        window = timedelta(days=experiment.window_days)
        final_at = experiment.stopped_at + window + limits.LATENESS
        if final_at <= due_at:
            return DueLook(number, final_at, is_last=True)
    return DueLook(number, due_at, is_last=number >= plan.looks)


def _take(experiment: Experiment, plan: FrozenPlan, taken: Sequence[Look], due: DueLook) -> None:
    look = look_of(experiment, plan, taken, due)
    look.save(force_insert=True)
    following = None if look.is_last else plan.due_at(due.number + 1)
    Experiment.objects.filter(pk=experiment.pk).update(next_look_at=following)


def look_of(experiment: Experiment, plan: FrozenPlan, taken: Sequence[Look], due: DueLook) -> Look:
    """What the look says of the visitors whose span had closed when it was due."""
    arms = _closed_arms(experiment, plan, due.due_at - timedelta(days=plan.window_days))
    fraction = min(arm.n for arm in arms) / plan.visitors
    earlier = [
        TakenLook(look.fraction, tuple(look.statistics)) for look in taken if not look.missed
    ]
    look = Look(experiment=experiment, number=due.number, due_at=due.due_at, fraction=fraction)
    look.is_last = due.is_last
    missed = why_no_look(arms, fraction, earlier, is_last=due.is_last)
    if missed is not None:
        look.missed = missed.value
        return look
    found = take_look(arms[0], arms[1:], fraction, earlier, is_last=due.is_last, lift=plan.lift)
    look.is_last = found.is_last
    look.bound, look.is_futile = found.bound, found.is_futile
    look.statistics = list(found.taken.statistics)
    look.figures = as_kept(found.comparisons)
    return look


def _closed_arms(experiment: Experiment, plan: FrozenPlan, assigned_by: datetime) -> list[Arm]:
    ids = [variant.pk for variant in experiment.variants.all()]
    sums = totals.closed_by(experiment.agent_id, ids, assigned_by)
    return [METRIC_OF_KEY[plan.metric].arm(sums.get(variant_id, NOTHING)) for variant_id in ids]
