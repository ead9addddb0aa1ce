"""What came of experiments: the figures of one, and of all that an agent ever ran."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from agents import access, roles
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.access import experiment_for
from experiments.models import Experiment
from experiments.pages.results.context import results_context
from experiments.pages.results.polled import DRAWN, MOMENT, tag_of
from experiments.pages.results.sections import SectionKey
from experiments.results import overview
from experiments.results.report import planned_lift
from experiments.results.rollup import Counted, known_state
from glozr.edge.replica import from_replica
from glozr.errors import NotFound
from glozr.zones import moment_in_words

EXPERIMENTS_PER_PAGE = 10


@require_safe
@vary_on_headers("HX-Request")
@from_replica
def experiment_results(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    """The part of an experiment's page that is replaced while it runs; the page, if opened."""
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    if not request.htmx:
        return redirect(f"{_page_of(experiment, request)}#results")
    now = timezone.now()
    can = roles.permissions_of(request.user, experiment.agent.workspace)
    lift = planned_lift(request.GET.get("lift") or None)
    counted = known_state(experiment.agent_id)
    tag = tag_of(experiment, counted, now, can=can, lift=lift)
    as_of = moment_in_words(now, experiment.agent.workspace.time_zone)
    if tag and request.headers.get("If-None-Match") == tag:
        headers = {"As-Of": as_of, "ETag": tag}
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    part = DRAWN.get(tag) if tag else None
    if part is None:
        context = _context(request, experiment, by_day=False, counted=counted)
        if context["visitors"] and request.GET.get("empty"):
            # The page has no sections yet that could be filled.
            return HttpResponse(headers={"HX-Refresh": "true"})
        if experiment.is_running:
            context["as_of"] = MOMENT
        part = render_to_string("experiments/results/_live.html", context, request)
        # Of what was read: it may have moved on since it was asked for.
        tag = context["tag"]
        if tag:
            DRAWN.put(tag, part)
    return HttpResponse(part.replace(MOMENT, as_of), headers={"ETag": tag} if tag else {})


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
    request: PageRequest,
    experiment: Experiment,
    *,
    by_day: bool = True,
    with_curves: bool = False,
    counted: Counted | None = None,
) -> dict[str, Any]:
    can = roles.permissions_of(request.user, experiment.agent.workspace)
    lift = planned_lift(request.GET.get("lift") or None)
    shown = results_context(
        experiment,
        can=can,
        planned_lift=lift,
        by_day=by_day,
        with_curves=with_curves,
        counted=counted,
    )
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
