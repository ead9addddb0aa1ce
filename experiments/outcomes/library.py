"""What was learned: every concluded experiment, found again, and what all of it adds up to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from agents.models import Agent, Workspace
from experiments.models import Conclusion, Kind, Outcome
from experiments.results.metrics import METRICS
from experiments.statistics.shrinkage import Effect, shrunk, spread_of_effects, total

METRIC_NAMES = {metric.key: metric.name for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for; an empty text or a word that is none lets everything through."""

    search: str = ""
    kind: str = ""
    outcome: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.kind or self.outcome)


@dataclass(frozen=True, slots=True)
class InUse:
    """What is in use, added up for one metric: as measured, and as it is expected to hold."""

    metric: str
    number: int
    measured: Effect
    expected: Effect


@dataclass(frozen=True, slots=True)
class Shares:
    concluded: int
    won: int
    undecided: int
    """No difference was shown."""

    @property
    def won_share(self) -> float:
        return self.won / self.concluded

    @property
    def undecided_share(self) -> float:
        return self.undecided / self.concluded


def conclusions_of(owner: Workspace | Agent) -> QuerySet[Conclusion]:
    """All of a workspace or of one agent, the newest first; deleted experiments are not shown."""
    every = Conclusion.objects.of_undeleted()
    if isinstance(owner, Agent):
        return every.filter(agent=owner).newest()
    return every.filter(agent__workspace=owner).newest()


def found(conclusions: QuerySet[Conclusion], wanted: Sought) -> QuerySet[Conclusion]:
    """Those that are looked for, with what a list shows of them."""
    rows = conclusions.select_related("experiment", "variant", "agent")
    if wanted.kind in Kind.values:
        rows = rows.filter(experiment__kind=wanted.kind)
    if wanted.outcome in Outcome.values:
        rows = rows.filter(outcome=wanted.outcome)
    if wanted.search:
        rows = rows.filter(
            Q(experiment__name__icontains=wanted.search)
            | Q(experiment__hypothesis__icontains=wanted.search)
            | Q(learned__icontains=wanted.search)
        )
    return rows


def shares_of(conclusions: QuerySet[Conclusion]) -> Shares | None:
    """How many were won and left undecided; None where none is concluded."""
    counted = conclusions.order_by().aggregate(
        concluded=Count("id"),
        won=Count("id", filter=Q(outcome=Outcome.WON)),
        undecided=Count("id", filter=Q(outcome=Outcome.NO_DIFFERENCE)),
    )
    return Shares(**counted) if counted["concluded"] else None


def in_use_of(conclusions: QuerySet[Conclusion]) -> list[InUse]:
    """For each metric the sum of the lifts that were put into use and not taken back.

    How large true effects are is told by all conclusions of the metric, not by the winners alone.
    """
    measured: dict[str, list[Effect]] = defaultdict(list)
    used: dict[str, list[Effect]] = defaultdict(list)
    rows = conclusions.order_by().filter(lift__isnull=False, lift_error__isnull=False)
    columns = ("figures__metric", "lift", "lift_error", "variant__position", "revision_after")
    for metric, lift, error, position, revision, taken_back_at in rows.values_list(
        *columns, "taken_back_at"
    ):
        effect = Effect(lift, error)
        measured[metric].append(effect)
        # A control that is in use has no lift: the agent was like that before.
        if revision is not None and taken_back_at is None and position:
            used[metric].append(effect)
    return [
        _added_up(METRIC_NAMES[metric], effects, measured[metric])
        for metric, effects in sorted(used.items())
        if metric in METRIC_NAMES
    ]


def _added_up(metric: str, used: Sequence[Effect], measured: Sequence[Effect]) -> InUse:
    spread = spread_of_effects(measured)
    return InUse(metric, len(used), total(used), total([shrunk(one, spread) for one in used]))
