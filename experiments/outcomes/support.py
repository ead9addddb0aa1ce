"""Which outcome a verdict supports: what is preselected, and needs no reason."""

from dataclasses import dataclass
from uuid import UUID

from experiments.models import Outcome
from experiments.results.comparing import VariantFigures
from experiments.results.report import ExperimentResults, MetricResults
from experiments.results.verdicts import VerdictKind

NOTHING_SAID = (VerdictKind.ALARM, VerdictKind.COUNTS, VerdictKind.BETWEEN)


@dataclass(frozen=True, slots=True)
class Supported:
    """`winners`: any of these won, the one furthest ahead first."""

    outcome: Outcome
    winners: tuple[UUID, ...] = ()

    @property
    def winner(self) -> UUID | None:
        return self.winners[0] if self.winners else None

    def holds(self, outcome: str, variant: UUID | None) -> bool:
        return outcome == self.outcome and (variant is None or variant in self.winners)


def primary_of(results: ExperimentResults) -> MetricResults:
    """The metric that the verdict is about."""
    return next(metric for metric in results.metrics if metric.is_primary)


def supported_outcome(primary: MetricResults) -> Supported:
    """Figures that cannot be trusted, or are too few, support no answer: the question is abandoned.
    The control won where every treatment is worse."""
    if primary.verdict.kind in NOTHING_SAID:
        return Supported(Outcome.ABANDONED)
    control, *treatments = primary.rows
    ahead = [row for row in furthest_ahead(treatments) if _direction(row) > 0]
    if ahead:
        return Supported(Outcome.WON, tuple(row.variant.id for row in ahead))
    if all(_direction(row) < 0 for row in treatments):
        return Supported(Outcome.WON, (control.variant.id,))
    return Supported(Outcome.NO_DIFFERENCE)


def furthest_ahead(treatments: list[VariantFigures]) -> list[VariantFigures]:
    """By the difference from the control, the greatest first; of equals the earlier variant."""
    return sorted(treatments, key=lambda row: -_difference(row))


def _direction(row: VariantFigures) -> int:
    return 0 if row.comparison is None else row.comparison.direction


def _difference(row: VariantFigures) -> float:
    found = None if row.comparison is None else row.comparison.absolute.value
    return float("-inf") if found is None else found
