"""What came of experiments: the figures of one, and of all that an agent ever ran."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from agents import access, roles
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.access import experiment_for
from experiments.models import Experiment
from experiments.pages.results.context import results_context
from experiments.pages.results.sections import SectionKey
from experiments.results import overview
from experiments.results.report import planned_lift
from glozr.edge.replica import from_replica
from glozr.errors import NotFound

EXPERIMENTS_PER_PAGE = 10


@require_safe
@vary_on_headers("HX-Request")
@from_replica
def experiment_results(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    """The part of an experiment's page that is replaced while it runs; the page, if opened."""
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    if not request.htmx:
        return redirect(f"{_page_of(experiment, request)}#results")
    context = _context(request, experiment)
    if context["visitors"] and request.GET.get("empty"):
        # The page has no sections yet that could be filled.
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "experiments/results/_live.html", context)


@require_safe
@vary_on_headers("HX-Request")
@from_replica
def experiment_results_section(
    request: PageRequest, agent_id: UUID, experiment_id: UUID, section: str
) -> HttpResponse:
    """What one section of the results holds; the curves are a page of their own as well, for who
    has no scripts."""
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    if section not in list(SectionKey):
        raise NotFound("Results have no such section. Check the address.")
    has_curves = section == SectionKey.CURVES
    if not (request.htmx or has_curves):
        return redirect(f"{_page_of(experiment, request)}#{section}-body")
    context = _context(request, experiment, with_curves=has_curves)
    if request.htmx:
        return render(request, f"experiments/results/_{section}.html", context)
    return frame.agent_page(
        request, experiment.agent, "experiments/results/curves.html", context, section="experiments"
    )


def _context(
    request: PageRequest, experiment: Experiment, *, with_curves: bool = False
) -> dict[str, Any]:
    can = roles.permissions_of(request.user, experiment.agent.workspace)
    lift = planned_lift(request.GET.get("lift") or None)
    shown = results_context(experiment, can=can, planned_lift=lift, with_curves=with_curves)
    return {
        "agent": experiment.agent,
        "workspace": experiment.agent.workspace,
        "can": can,
        "experiment": experiment,
        "conclusion": experiment.concluded,
        **shown,
    }


def _page_of(experiment: Experiment, request: PageRequest) -> str:
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return f"{experiment.get_absolute_url()}{query}"


@require_safe
@from_replica
def agent_overview(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    page = frame.paged(request, overview.experiments_that_ran(agent), per_page=EXPERIMENTS_PER_PAGE)
    found = overview.overview_of(agent, list(page))
    context = {
        "page": page,
        "reports": found.reports,
        "active": found.active,
        "is_complete": found.is_complete,
    }
    return frame.agent_page(
        request, agent, "experiments/results/overview.html", context, section="overview"
    )
