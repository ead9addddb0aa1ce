"""What came of experiments: the figures of one, and of all that an agent ever ran."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from agents import access
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.access import experiment_for
from experiments.pages.results_context import results_context
from experiments.results import overview
from experiments.results.report import planned_lift

EXPERIMENTS_PER_PAGE = 10


@require_safe
@vary_on_headers("HX-Request")
def experiment_results(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    """The part of an experiment's page that is replaced while it runs; the page, if opened."""
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    if not request.htmx:
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(f"{experiment.get_absolute_url()}{query}#results")
    context = {
        "agent": experiment.agent,
        "experiment": experiment,
        **results_context(experiment, planned_lift=planned_lift(request.GET.get("lift") or None)),
    }
    return render(request, "experiments/results/_results_live.html", context)


@require_safe
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
