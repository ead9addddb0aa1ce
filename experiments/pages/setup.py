"""The form of an experiment: a new one, a change of one, and the parts of it that are live."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agents import access
from agents.models import Agent
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments import history
from experiments.access import experiment_for
from experiments.configuration import PLAN_FIELDS, Setup, alike, default_variants, setup_of
from experiments.learning.designs import DesignWords, designs_in_words
from experiments.lifecycle import editing, narrative
from experiments.lifecycle.previews import Typed, previews
from experiments.limits import MIN_VARIANTS
from experiments.models import Experiment, Kind
from experiments.pages.browse import SECTION
from experiments.pages.forms import ExperimentForm
from glozr.errors import Invalid, OutOfDate

SAME_VARIANTS = (
    "{} and {} are the same, so there is nothing to compare. Change one of them before you start."
)
DESIGN_FIELDS = {*PLAN_FIELDS, "traffic_share", "window_days"}


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_new(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.RUN)
    status = HTTPStatus.OK
    if request.method != "POST":
        form = ExperimentForm.of(_blank_setup(agent))
        form.setup.fields["name"].widget.attrs["autofocus"] = True
    else:
        form = ExperimentForm.posted(request.POST)
        if not form.act(request.POST.get("action", "")):
            try:
                made = editing.create(agent=agent, sent=form.sent(), by=request.user)
            except Invalid as invalid:
                form.add_errors(invalid.errors)
                status = HTTPStatus.BAD_REQUEST
            else:
                messages.success(request, f"{made} is a draft. Start it when you are ready.")
                _warn_of_likeness(request, made)
                return redirect(made)
    return frame.agent_page(
        request,
        agent,
        "experiments/setup/experiment_new.html",
        _live(agent, form),
        section=SECTION,
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_edit(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    if request.method != "POST":
        form = ExperimentForm.of(setup_of(experiment), version=experiment.version)
        return _edit_page(request, experiment, form)
    form = ExperimentForm.posted(request.POST)
    if form.act(request.POST.get("action", "")):
        return _edit_page(request, experiment, form)
    try:
        edited = editing.edit(
            experiment,
            sent=form.sent(names_only=experiment.is_frozen()),
            by=request.user,
            seen_version=form.seen_version,
        )
    except Invalid as invalid:
        form.add_errors(invalid.errors)
        return _edit_page(request, experiment, form, status=HTTPStatus.BAD_REQUEST)
    except OutOfDate:
        return _out_of_date_page(request, agent_id, experiment_id, form)
    messages.success(request, f"{edited} is saved.")
    _warn_of_likeness(request, edited)
    return redirect(edited)


@require_POST
def variant_rows(request: PageRequest, agent_id: UUID) -> HttpResponse:
    """The rows after a button was pressed or the kind changed, from what was typed so far."""
    agent = access.agent_for(request.user, agent_id, Permission.RUN)
    form = ExperimentForm.posted(request.POST)
    form.act(request.POST.get("action", ""))
    context = {"agent": agent, "is_part": True, **_live(agent, form)}
    return render(request, "experiments/setup/_rows.html", context)


@require_POST
def variant_preview(request: PageRequest, agent_id: UUID) -> HttpResponse:
    """What the rows would give as typed so far: shares and prompts."""
    agent = access.agent_for(request.user, agent_id, Permission.RUN)
    form = ExperimentForm.posted(request.POST)
    context = {"agent": agent, "is_part": True, **_live(agent, form)}
    return render(request, "experiments/setup/_preview.html", context)


def _warn_of_likeness(request: PageRequest, experiment: Experiment) -> None:
    if (same := alike(setup_of(experiment))) is not None:
        messages.warning(request, SAME_VARIANTS.format(*same))


def _blank_setup(agent: Agent) -> Setup:
    kind = Kind.PERSONA.value
    return Setup("", kind, "", default_variants(kind, agent.persona))


def _edit_page(
    request: PageRequest,
    experiment: Experiment,
    form: ExperimentForm,
    *,
    status: int = HTTPStatus.OK,
    **context: object,
) -> HttpResponse:
    is_frozen = experiment.is_frozen()
    shown = {
        "experiment": experiment,
        "is_frozen": is_frozen,
        "is_fresh_copy": editing.copied_from(experiment) is not None,
        **_live(experiment.agent, form),
        **context,
    }
    return frame.agent_page(
        request,
        experiment.agent,
        "experiments/setup/experiment_edit.html",
        shown,
        section=SECTION,
        status=status,
    )


def _out_of_date_page(
    request: PageRequest, agent_id: UUID, experiment_id: UUID, form: ExperimentForm
) -> HttpResponse:
    """The form as typed, beside what somebody else has stored since it was opened.

    From here on the person has seen what is stored, and may put their own in its place.
    """
    current = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    stored = ExperimentForm.of(setup_of(current), version=current.version).sent()
    typed = form.sent(names_only=current.is_frozen() and not form.rows)
    form.show_version(current.version)
    changes = {
        field: [stored[field], typed[field]] for field in typed if stored[field] != typed[field]
    }
    return _edit_page(
        request,
        current,
        form,
        status=HTTPStatus.CONFLICT,
        is_out_of_date=True,
        differences=narrative.differences(changes),
        latest_step=next(map(narrative.step_of, history.steps_of(current)[:1]), None),
    )


def _live(agent: Agent, form: ExperimentForm) -> dict[str, object]:
    """The form with what its rows would give."""
    found = previews(
        agent,
        [
            Typed(row.title, row.weight_sent, config if isinstance(config, dict) else None)
            for row in form.rows
            for config in [row.config_sent]
        ],
    )
    return {
        "form": form,
        "rows": list(zip(form.rows, found, strict=True)),
        "previews": found,
        "shares": [preview.share for preview in found],
        "designs": _designs(agent, form),
    }


def _designs(agent: Agent, form: ExperimentForm) -> list[DesignWords]:
    sent = {field: value for field, value in form.sent().items() if field in DESIGN_FIELDS}
    weights = [weight for row in form.rows if isinstance(weight := row.weight_sent, int)]
    return designs_in_words(agent, sent, weights if len(weights) >= MIN_VARIANTS else [])
