"""What we learned: the concluded experiments of a workspace, and of one agent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from agents import access
from agents.models import Agent, Workspace
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.models import Conclusion, Kind, Outcome
from experiments.outcomes import library
from experiments.outcomes.library import InUse, Sought
from experiments.results import figures
from experiments.statistics import Interval
from glozr.edge.replica import from_replica

CERTAIN = 1.96
"""Standard errors to either side of a 95% interval."""


@dataclass(frozen=True, slots=True)
class LearnedRow:
    conclusion: Conclusion
    lift: str
    days: str


@dataclass(frozen=True, slots=True)
class InUseView:
    """A sum in words."""

    metric: str
    number: int
    measured: str
    expected: str
    reach: str


@require_safe
@from_replica
def workspace_learned(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.VIEW)
    context = {**_context(request, workspace), "base": "agents/workspace_base.html"}
    template = "experiments/outcomes/learned.html"
    return frame.workspace_page(request, workspace, template, context, section="learned")


@require_safe
@from_replica
def agent_learned(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    context = {**_context(request, agent), "base": "agents/agent_base.html"}
    template = "experiments/outcomes/learned.html"
    return frame.agent_page(request, agent, template, context, section="learned")


def lift_in_words(conclusion: Conclusion) -> str:
    """Of the variant that is shown, with its interval; empty where there was none to compare."""
    shown = conclusion.shown
    if shown is None:
        return ""
    unit, name = conclusion.figures["unit"], conclusion.figures["metric_name"]
    if shown["lift"] is not None:
        size, ends = figures.relative(shown["lift"]), _reach(shown["interval"], "")
    else:
        size = figures.difference(shown["difference"], unit)
        ends = _reach(shown["difference_interval"], unit)
    interval = f" ({ends})" if ends else ""
    return f"{shown['name']}: {size}{interval} in {name}"


def _reach(ends: list[float | None] | None, unit: str) -> str:
    if ends is None or ends[0] is None:
        return ""
    return figures.reach(Interval(ends[0], ends[1]), unit)


def _context(request: PageRequest, owner: Workspace | Agent) -> dict[str, Any]:
    wanted = Sought(
        frame.search_term(request), request.GET.get("kind", ""), request.GET.get("outcome", "")
    )
    every: QuerySet[Conclusion] = library.conclusions_of(owner)
    page = frame.paged(request, library.found(every, wanted))
    return {
        "page": page,
        "rows": _rows(page),
        "search": wanted.search,
        "wanted": wanted,
        "kinds": Kind.choices,
        "outcomes": Outcome.choices,
        "shares": library.shares_of(every),
        "in_use": [_in_use_view(each) for each in library.in_use_of(every)],
    }


def _rows(conclusions: Iterable[Conclusion]) -> list[LearnedRow]:
    return [
        LearnedRow(each, lift_in_words(each), _days(float(each.figures["days"])))
        for each in conclusions
    ]


def _days(days: float) -> str:
    whole = round(days)
    return "under a day" if whole < 1 else f"{whole:,} day{'' if whole == 1 else 's'}"


def _in_use_view(found: InUse) -> InUseView:
    value, margin = found.expected.value, CERTAIN * found.expected.error
    return InUseView(
        metric=found.metric,
        number=found.number,
        measured=figures.relative(found.measured.value),
        expected=figures.relative(value),
        reach=figures.reach(Interval(value - margin, value + margin)),
    )
