"""What no step tells of, looked for in the figures of running experiments.

Each is looked at by turns, on as many servers as there are: a watcher takes one by moving the time
at which it is due, in a statement that skips what another takes. That a notice is written once is
the database's to hold. An experiment that has ended is looked at one last time.

Looks of the planned design belong here too: see `_states_of`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from experiments.models import Experiment, NoticeKind, NoticeWatch
from experiments.notices import words
from experiments.notices.telling import tell
from experiments.results.report import results_in_brief
from experiments.results.verdicts import VerdictKind
from glozr.background import IsStopping, never

BETWEEN_LOOKS = timedelta(minutes=10)
_AT_ONCE = 500
"""Experiments looked at in one turn of the step."""
_BEGIN = (
    "INSERT INTO notice_watches (experiment_id, due_at)"
    " SELECT e.id, statement_timestamp() FROM experiments e WHERE e.status = 'running'"
    " AND NOT EXISTS (SELECT FROM notice_watches w WHERE w.experiment_id = e.id)"
    " LIMIT %s ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class _State:
    kind: NoticeKind
    text: str


def watch(is_stopping: IsStopping = never) -> int:
    """Look at what is due; how many experiments those were."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [_AT_ONCE])
    looked = 0
    while looked < _AT_ONCE and not is_stopping() and (experiment := _take()) is not None:
        _look_at(experiment)
        looked += 1
    return looked


def _take() -> Experiment | None:
    """The next one to be looked at; who has ended is not watched any longer."""
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
        mine = NoticeWatch.objects.filter(pk=due.pk)
        if due.experiment.is_running:
            mine.update(due_at=Now() + BETWEEN_LOOKS)
        else:
            mine.delete()
    return due.experiment


def _look_at(experiment: Experiment) -> None:
    if experiment.is_deleted or experiment.started_at is None:
        return
    run = experiment.started_at.isoformat()
    for state in _states_of(experiment):
        tell(experiment, state.kind, key=run, text=state.text)


def _states_of(experiment: Experiment) -> Iterator[_State]:
    """A look that was taken, and one that was futile, have a row of their own: whoever keeps it
    yields `LOOK_DUE` and `FUTILE` here, with the look's number as key."""
    results = results_in_brief(experiment, is_complete=True)
    headline = results.headline
    if results.sample_ratio.is_alarm:
        yield _State(NoticeKind.SPLIT_ALARM, f"{headline.answer} {headline.advice}")
    elif headline.kind == VerdictKind.DECIDED:
        yield _State(NoticeKind.DECIDED, f"{headline.answer} {headline.advice}")
    if results.timing.quiet_since is not None:
        yield _State(NoticeKind.QUIET, words.NOBODY_COMES)
