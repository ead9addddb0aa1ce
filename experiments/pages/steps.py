"""Steps in an experiment's life, each confirmed on a page that says what becomes of visitors."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from experiments import lifecycle
from experiments.access import experiment_for
from experiments.configuration import alike, check_complete, setup_of
from experiments.lifecycle import AnotherRunning, OnConflict, editing
from experiments.lifecycle.schedule import END_PASSED
from experiments.models import Action, Experiment
from experiments.pages.browse import SECTION, setup_context, superseding
from experiments.pages.forms import ExperimentForm
from experiments.plans.frozen import FrozenPlan, plan_if_started
from experiments.results.looks.words import look_day
from glozr.errors import Conflict, FieldError, Invalid, OutOfDate
from glozr.text import number_in
from glozr.zones import zone

confirmed_step = require_http_methods(["GET", "HEAD", "POST"])


@confirmed_step
def experiment_start(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    if request.method != "POST":
        return _start_page(request, experiment)
    choice, asked_about = _choice(request)
    try:
        started = lifecycle.start(
            experiment,
            by=request.user,
            on_conflict=choice,
            asked_about=asked_about,
            seen_version=_seen_version(request),
        )
    except OutOfDate:
        current = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
        return _start_page(request, current, has_changed=True, status=HTTPStatus.CONFLICT)
    except AnotherRunning:
        return _start_page(request, experiment, is_surprise=True, status=HTTPStatus.CONFLICT)
    except Invalid as invalid:
        if END_PASSED in {error.detail for error in invalid.errors}:
            messages.error(request, END_PASSED)
            return redirect("experiment_schedule", agent_id, experiment_id)
        return _start_page(
            request, experiment, errors=invalid.errors, status=HTTPStatus.BAD_REQUEST
        )
    except Conflict as conflict:
        messages.info(request, conflict.detail)
        return redirect(experiment)
    messages.success(request, f"{started} is running. New visitors of {started.agent} get it.")
    return redirect(started)


@confirmed_step
def experiment_stop(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    if not lifecycle.can(Action.STOPPED, experiment):
        messages.info(request, _why_not_stopped(experiment))
        return redirect(experiment)
    has_changed = False
    if request.method == "POST":
        try:
            lifecycle.stop(experiment, by=request.user, seen_version=_seen_version(request))
        except OutOfDate:
            experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
            has_changed = True
        else:
            messages.success(request, f"{experiment} is stopped. It takes no new visitors.")
            return redirect(experiment)
    return _step_page(
        request,
        experiment,
        "experiments/steps/experiment_stop.html",
        status=HTTPStatus.CONFLICT if has_changed else HTTPStatus.OK,
        has_changed=has_changed,
        next_active=lifecycle.active_experiment(experiment),
        superseded_by=superseding(experiment),
    )


@confirmed_step
def experiment_duplicate(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    name, errors, status = request.POST.get("name", ""), [], HTTPStatus.OK
    if request.method == "POST":
        try:
            copy = editing.duplicate(experiment, by=request.user, name=name or None)
        except Invalid as invalid:
            errors = [error.detail for error in invalid.errors]
            status = HTTPStatus.BAD_REQUEST
        else:
            return redirect("experiment_edit", agent_id, copy.pk)
    return _step_page(
        request,
        experiment,
        "experiments/steps/experiment_duplicate.html",
        status=status,
        name=name,
        errors=errors,
    )


@require_POST
def experiment_undo_copy(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    copy = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    try:
        original = lifecycle.undo_copy(copy, by=request.user)
    except OutOfDate:
        messages.info(request, f"{copy} has been changed since, so it stays. You can delete it.")
        return redirect(copy)
    messages.success(request, f"{copy} is gone again.")
    return redirect("experiment", agent_id, original)


@confirmed_step
@proof_required
def experiment_delete(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    needs_name = experiment.has_started  # a draft that never ran takes nobody's figures with it
    typed, is_wrong, status = request.POST.get("name", ""), False, HTTPStatus.OK
    if request.method == "POST":
        is_wrong = needs_name and _words(typed) != _words(experiment.name)
        status = HTTPStatus.BAD_REQUEST
    if request.method == "POST" and not is_wrong:
        try:
            lifecycle.delete(experiment, by=request.user, seen_version=_seen_version(request))
        except OutOfDate:
            experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
            typed, status = "", HTTPStatus.CONFLICT
        else:
            messages.success(request, f"{experiment} is deleted.")
            return redirect("experiment_list", agent_id)
    return _step_page(
        request,
        experiment,
        "experiments/steps/experiment_delete.html",
        status=status,
        has_changed=status == HTTPStatus.CONFLICT,
        next_active=lifecycle.active_experiment(experiment),
        needs_name=needs_name,
        typed=typed,
        is_wrong=is_wrong,
    )


def _seen_version(request: PageRequest) -> int:
    """The version that the page showed. A form that says none is none of ours: nothing was seen."""
    return number_in(request.POST.get("version", "")) or 0


def _choice(request: PageRequest) -> tuple[OnConflict | None, UUID | None]:
    """What the person chose, and for which running experiment: the page named one."""
    try:
        return OnConflict(request.POST["on_conflict"]), UUID(request.POST["running"])
    except (KeyError, ValueError):
        return None, None


def _start_page(
    request: PageRequest,
    experiment: Experiment,
    *,
    is_surprise: bool = False,
    has_changed: bool = False,
    errors: Sequence[FieldError] = (),
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    if not lifecycle.can(Action.STARTED, experiment):
        is_concluded = experiment.concluded is not None
        why = "concluded. Duplicate it to ask again" if is_concluded else "running already"
        messages.info(request, f"{experiment} is {why}.")
        return redirect(experiment)
    form, plan = ExperimentForm.of(setup_of(experiment)), None
    try:
        check_complete(setup_of(experiment))
        plan = plan_if_started(experiment)
    except Invalid as invalid:
        errors = errors or invalid.errors
    form.add_errors(errors)
    return _step_page(
        request,
        experiment,
        "experiments/steps/experiment_start.html",
        status=status,
        active=lifecycle.active_experiment(experiment),
        is_surprise=is_surprise,
        has_changed=has_changed,
        same_variants=alike(setup_of(experiment)),
        plan=plan,
        first_look=_first_look(experiment, plan),
        problems=form.problems,
    )


def _first_look(experiment: Experiment, plan: FrozenPlan | None) -> str:
    if plan is None or not plan.looks:
        return ""
    return look_day(plan.due_at(1), zone(experiment.agent.workspace.time_zone))


def _step_page(
    request: PageRequest,
    experiment: Experiment,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    **context: object,
) -> HttpResponse:
    shown = {"experiment": experiment, **setup_context(experiment), **context}
    return frame.agent_page(
        request, experiment.agent, template, shown, section=SECTION, status=status
    )


def _why_not_stopped(experiment: Experiment) -> str:
    if experiment.is_draft:
        return f"{experiment} is a draft. There is nothing to stop."
    return f"{experiment} was stopped already."


def _words(text: str) -> list[str]:
    """What is compared of a name: a page shows several spaces as one."""
    return text.split()
