"""What no step tells of, looked for in the figures of experiments that run or have just ended.

Each is looked at by turns, on as many servers as there are: a watcher takes one by moving the time
at which it is due, in a statement that skips what another takes. That a notice is written once is
the database's to hold. One that has ended is watched until its figures are final, or it is
concluded; a planned one until its last look.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from experiments.models import Experiment, NoticeKind, NoticeWatch
from experiments.notices import words
from experiments.notices.telling import tell
from experiments.outcomes.briefs import keep_brief
from experiments.results.looks.standing import Standing
from experiments.results.looks.words import outcome_in_words
from experiments.results.report import ExperimentResults, results_in_brief
from experiments.results.verdicts import VerdictKind
from glozr.background import IsStopping, never

BETWEEN_LOOKS = timedelta(minutes=10)
_AT_ONCE = 500
"""Experiments looked at in one turn of the step."""
# Those that were started before there were notices.
_BEGIN = (
    "INSERT INTO notice_watches (experiment_id, due_at)"
    " SELECT e.id, statement_timestamp() FROM experiments e WHERE e.status = 'running'"
    " AND NOT EXISTS (SELECT FROM notice_watches w WHERE w.experiment_id = e.id)"
    " LIMIT %s ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class _State:
    """`key` tells one time from another of the same kind."""

    kind: NoticeKind
    key: str
    text: str


def watch(is_stopping: IsStopping = never) -> int:
    """Look at what is due; how many experiments those were."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [_AT_ONCE])
    looked = 0
    while looked < _AT_ONCE and not is_stopping() and (experiment := _take()) is not None:
        if not _look_at(experiment):
            NoticeWatch.objects.filter(pk=experiment.pk).delete()
        looked += 1
    return looked


def _take() -> Experiment | None:
    with transaction.atomic():
        due = (
            NoticeWatch.objects.filter(due_at__lte=Now())
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("experiment__agent__workspace")
            .order_by("due_at")
            .first()
        )
        if due is None:
            return None
        NoticeWatch.objects.filter(pk=due.pk).update(due_at=Now() + BETWEEN_LOOKS)
    return due.experiment


def _look_at(experiment: Experiment) -> bool:
    """Tell what there is to tell; whether more may come."""
    is_concluded = experiment.notices.filter(kind=NoticeKind.CONCLUDED).exists()
    if experiment.is_deleted or experiment.started_at is None or is_concluded:
        return False
    results = results_in_brief(experiment, is_complete=True)
    keep_brief(results)
    for state in _states_of(results, run=experiment.started_at.isoformat()):
        tell(experiment, state.kind, key=state.key, text=state.text)
    has_looks_to_come = experiment.is_planned and results.next_look is not None
    return experiment.is_running or not results.timing.is_final or has_looks_to_come


def _states_of(results: ExperimentResults, *, run: str) -> Iterator[_State]:
    headline = results.headline
    if results.standing is not None:
        yield from _of_looks(results.standing)
    if results.sample_ratio.is_alarm:
        yield _State(NoticeKind.SPLIT_ALARM, run, f"{headline.answer} {headline.advice}")
    elif headline.kind == VerdictKind.DECIDED:
        yield _State(NoticeKind.DECIDED, run, f"{headline.answer} {headline.advice}")
    if results.timing.quiet_since is not None:
        yield _State(NoticeKind.QUIET, run, words.NOBODY_COMES)


def _of_looks(standing: Standing) -> Iterator[_State]:
    for kept in standing.looks:
        number, of = kept.look.number, standing.plan.looks
        outcome = outcome_in_words(kept)
        told = words.LOOK_TAKEN.format(number=number, of=of, outcome=outcome)
        yield _State(NoticeKind.LOOK_DUE, str(number), told)
        if kept.look.is_futile:
            yield _State(NoticeKind.FUTILE, "", words.UNLIKELY)
