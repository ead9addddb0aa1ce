"""Looking at experiments: the list, one of them, its history."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from agents import access, roles
from agents.audit import texts
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments import history, lifecycle
from experiments.access import experiment_for
from experiments.lifecycle import narrative
from experiments.models import Action, Experiment, Status
from experiments.notices import reading
from experiments.notices.words import title_of
from experiments.pages.listing import listed, split_of
from experiments.pages.results.context import results_context
from experiments.pages.typed.parts import lines_of
from experiments.pages.typed_json import written_json
from experiments.results.report import planned_lift
from glozr.edge.replica import from_replica

SECTION = "experiments"
LATEST_STEPS = 5
LATELY = timedelta(days=7)


@require_safe
@from_replica
def experiment_list(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    status, search = request.GET.get("status", ""), frame.search_term(request)
    if status not in Status.values:
        status = ""
    found = Experiment.objects.of_agent(agent.pk).running_first()
    if status:
        found = found.with_status(status)
    if search:
        found = found.named_like(search)
    shown = found.with_is_active().select_related("conclusion__variant", "brief")
    page = frame.paged(request, shown.prefetch_related("variants"))
    latest = reading.latest_of_agent(agent, within=LATELY)
    context = {
        "page": page,
        "rows": listed(agent, list(page)),
        "statuses": Status.choices,
        "status": status,
        "search": search,
        "latest_notice": latest,
        "latest_title": title_of(latest) if latest else "",
    }
    return frame.agent_page(
        request, agent, "experiments/browse/experiment_list.html", context, section=SECTION
    )


@require_safe
@from_replica
def experiment(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    shown = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    can = roles.permissions_of(request.user, shown.agent.workspace)
    lift = planned_lift(request.GET.get("lift") or None)
    steps = [narrative.step_of(event) for event in history.steps_of(shown)[: LATEST_STEPS + 1]]
    context = {
        "experiment": shown,
        **setup_context(shown),
        "superseded_by": superseding(shown),
        "can_start": lifecycle.can(Action.STARTED, shown),
        "can_stop": lifecycle.can(Action.STOPPED, shown),
        "conclusion": shown.concluded,
        "steps": steps[:LATEST_STEPS],
        "more_steps": len(steps) > LATEST_STEPS,
        "history_url": _history_url(shown),
        **results_context(shown, can=can, planned_lift=lift),
    }
    return frame.agent_page(
        request, shown.agent, "experiments/browse/experiment.html", context, section=SECTION
    )


@require_safe
@from_replica
def experiment_history(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    shown = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    page = frame.paged(request, history.steps_of(shown))
    context: dict[str, Any] = {
        "experiment": shown,
        "page": page,
        "steps": [narrative.step_of(event) for event in page],
        "history_url": _history_url(shown),
    }
    return frame.agent_page(
        request, shown.agent, "experiments/browse/experiment_history.html", context, section=SECTION
    )


@require_safe
def experiment_step(
    request: PageRequest, agent_id: UUID, experiment_id: UUID, step_id: UUID
) -> HttpResponse:
    """One step of the history, with the whole texts that it is about."""
    shown = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    event = history.event_of(shown, step_id)
    whole = texts.contents(shown.agent.workspace_id, [event.changes])
    context = {
        "experiment": shown,
        "steps": [narrative.step_of(event, whole=whole)],
        "history_url": _history_url(shown),
    }
    return frame.agent_page(
        request, shown.agent, "experiments/browse/experiment_step.html", context, section=SECTION
    )


def _history_url(shown: Experiment) -> str:
    return reverse("experiment_history", args=[shown.agent_id, shown.pk])


def setup_context(shown: Experiment) -> dict[str, Any]:
    """What `experiments/browse/_setup.html` shows."""
    split, variants = split_of(shown), []
    for variant, share in zip(shown.variants.all(), split, strict=True):
        lines, rest = lines_of(variant.config, shown.kind)
        variants.append((variant, share, lines, written_json(rest) if rest else ""))
    return {"split": split, "variants": variants}


def superseding(shown: Experiment) -> Experiment | None:
    """The experiment that takes new visitors in place of this running one, if one does."""
    if not shown.is_running or shown.is_active:
        return None
    # As `experiment_for` read them beside it: of the other nothing more is shown.
    named = {"pk": getattr(shown, "active_id", None), "name": getattr(shown, "active_name", "")}
    return Experiment(agent_id=shown.agent_id, **named)
