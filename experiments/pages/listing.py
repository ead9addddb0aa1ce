"""The rows of the list of experiments, and the small picture in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from agents.models import Agent
from experiments.models import Experiment
from experiments.outcomes.briefs import Brief, brief_for_list, time_run
from experiments.results import figures
from experiments.results.visitor_counts import visitors_by_variant
from experiments.split import Share, shares
from experiments.statistics import Interval

PICTURE_WIDTH = 120.0
LEAST_REACH, GREATEST_REACH = 0.2, 1.0
TONE_OF_DIRECTION = {1: "ahead", -1: "behind", 0: "open"}


@dataclass(frozen=True, slots=True)
class SmallInterval:
    """Places from 0 to `PICTURE_WIDTH`; the middle is no lift. All of a page share a scale."""

    start: float
    end: float
    dot: float
    tone: str


@dataclass(frozen=True, slots=True)
class ListedExperiment:
    experiment: Experiment
    split: Sequence[Share]
    visitors: int
    days: str
    brief: Brief | None
    lift: str
    picture: SmallInterval | None


def listed(agent: Agent, experiments: Sequence[Experiment]) -> list[ListedExperiment]:
    """Of experiments that were read with their variants, conclusions and briefs."""
    ids = [one.pk for one in experiments]
    counts = visitors_by_variant(agent.pk, ids)
    ran = time_run(ids, timezone.now())
    briefs: list[Brief | None] = []
    for one in experiments:
        one.agent = agent
        briefs.append(brief_for_list(one))
    reach = _reach(brief for brief in briefs if brief is not None)
    return [
        ListedExperiment(
            experiment=one,
            split=split_of(one),
            visitors=sum(counts[variant.pk] for variant in one.variants.all()),
            days=_days(ran.get(one.pk)),
            brief=brief,
            lift=_lift(brief),
            picture=_picture(brief, reach),
        )
        for one, brief in zip(experiments, briefs, strict=True)
    ]


def split_of(shown: Experiment) -> list[Share]:
    return shares([(variant.name, variant.weight) for variant in shown.variants.all()])


def _days(ran: timedelta | None) -> str:
    if ran is None:
        return figures.DASH
    days = round(ran / timedelta(days=1))
    return f"{days:,}" if days else "under 1"


def _lift(brief: Brief | None) -> str:
    if brief is None or brief.lift is None:
        return ""
    told = f"{brief.subject} {figures.relative(brief.lift)}"
    if brief.lower is None:
        return told
    return f"{told} ({figures.reach(Interval(brief.lower, brief.upper))})"


def _reach(briefs: Iterable[Brief]) -> float:
    """How far to either side the page's pictures go."""
    ends = [abs(end) for brief in briefs for end in (brief.lower, brief.upper) if end is not None]
    return min(max([LEAST_REACH, *ends]), GREATEST_REACH)


def _picture(brief: Brief | None, reach: float) -> SmallInterval | None:
    if brief is None or brief.lift is None or brief.lower is None:
        return None

    def place(lift: float) -> float:
        return round(PICTURE_WIDTH / 2 * (1 + min(max(lift / reach, -1), 1)), 1)

    end = PICTURE_WIDTH if brief.upper is None else place(brief.upper)
    return SmallInterval(
        place(brief.lower), end, place(brief.lift), TONE_OF_DIRECTION[brief.direction]
    )
