"""How an experiment stands by the plan of its start, and by the looks that were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from experiments.models import Experiment, Look
from experiments.plans.frozen import FrozenPlan, plan_of_start
from experiments.results.comparing import VariantCounts
from experiments.results.looks.kept import comparisons_of
from experiments.results.looks.taking import DueLook, due_look
from experiments.results.totals import Reading
from experiments.statistics import Comparison


@dataclass(frozen=True, slots=True)
class KeptLook:
    """A look, and every treatment against the control at it; none of one that was missed."""

    look: Look
    comparisons: tuple[Comparison, ...]

    @property
    def is_decisive(self) -> bool:
        return any(comparison.decided for comparison in self.comparisons)


@dataclass(frozen=True, slots=True)
class AtLook:
    """A treatment at a look; `statistic` is the difference in standard errors."""

    variant: VariantCounts
    statistic: float | None
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class LookTaken:
    look: Look
    treatments: tuple[AtLook, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Attributes:
        closed: visitors whose span has closed, of the variant with the fewest.
        looks: those that were taken, in order; none of the watched design.
        next: the look that comes; None when there are no more.
    """

    plan: FrozenPlan
    closed: int
    looks: tuple[KeptLook, ...]
    next: DueLook | None

    @property
    def seen(self) -> tuple[KeptLook, ...]:
        """The looks with figures."""
        return tuple(kept for kept in self.looks if not kept.look.missed)

    @property
    def latest(self) -> KeptLook | None:
        return self.seen[-1] if self.seen else None

    @property
    def is_over(self) -> bool:
        return self.next is None

    @property
    def is_settled(self) -> bool:
        """Whether a verdict stands: a treatment was decided, or no look will follow."""
        return self.is_over or any(kept.is_decisive for kept in self.seen)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every treatment's, from the look that decided it, else from the latest one."""
        if self.latest is None:
            return ()
        return tuple(
            next((each for each in at_looks if each.decided), at_looks[-1])
            for at_looks in zip(*(kept.comparisons for kept in self.seen), strict=True)
        )


def standing_of(experiment: Experiment, reading: Reading, now: datetime) -> Standing | None:
    """None without a plan."""
    plan = plan_of_start(experiment)
    if plan is None:
        return None
    looks: Sequence[Look] = list(experiment.looks.all()) if plan.looks else []
    closed = reading.by(now - timedelta(days=plan.window_days))
    return Standing(
        plan=plan,
        closed=min(closed, default=0),
        looks=tuple(KeptLook(look, comparisons_of(look.figures)) for look in looks),
        next=due_look(experiment, plan, len(looks)),
    )


def looks_taken(standing: Standing, variants: Sequence[VariantCounts]) -> list[LookTaken]:
    """In order; each treatment's comparison is that of the look."""
    return [
        LookTaken(
            kept.look,
            tuple(
                AtLook(*each)
                for each in zip(variants[1:], kept.look.statistics, kept.comparisons, strict=False)
            ),
        )
        for kept in standing.looks
    ]
