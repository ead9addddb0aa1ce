"""Conclude an experiment; put its variant into use, take it back; write anew what was learned."""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from agents import access
from agents.agents.dependents import dependents_of
from agents.agents.prompt import system_prompt
from agents.agents.prompt_diff import pieces
from agents.agents.revisions import revision_of
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.access import experiment_for
from experiments.models import Conclusion, Experiment, Outcome, Variant
from experiments.outcomes.conclusions import (
    conclude,
    edit_learned,
    is_unedited,
    put_into_use,
    take_out_of_use,
)
from experiments.outcomes.proposals import proposal_of, proposals_of
from experiments.outcomes.support import Supported, primary_of, supported_outcome
from experiments.pages.browse import SECTION
from experiments.pages.outcomes.forms import (
    ConcludeForm,
    LearnedForm,
    PutIntoUseForm,
    answer_of,
)
from experiments.pages.steps import confirmed_step
from experiments.results.report import ExperimentResults, results_of
from glozr.errors import Conflict, Invalid, OutOfDate

EDITED_MEANWHILE = (
    "Somebody edited the agent while you looked at this page. Look at the prompts again, then "
    "conclude it."
)
EDITED_BEFORE_USE = (
    "Somebody edited the agent while you looked at this page. Look at the prompts again, then put "
    "it into use."
)
LEARNED_MEANWHILE = (
    "Somebody changed the experiment while you wrote. It says now: “{}” Save again to replace that."
)


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """An outcome to choose; `value` is as the form sends it."""

    value: str
    label: str
    variant: Variant | None
    is_supported: bool


@confirmed_step
def experiment_conclude(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    if experiment.is_draft or (experiment.concluded and request.method != "POST"):
        messages.info(request, _why_not_concluded(experiment))
        return redirect(experiment)
    if request.method != "POST":
        results = results_of(experiment)
        initial = {
            "answer": answer_of(supported_outcome(primary_of(results))),
            "seen_revision": experiment.agent.revision,
        }
        return _conclude_page(request, experiment, results, ConcludeForm(initial=initial))
    form = ConcludeForm(request.POST)
    form.for_experiment(experiment)
    if not form.is_valid():
        return _conclude_page(request, experiment, results_of(experiment), form)
    return _concluded(request, experiment, form)


def _concluded(request: PageRequest, experiment: Experiment, form: ConcludeForm) -> HttpResponse:
    decision = form.decision
    if decision.put_into_use:
        access.demand(request.user, experiment.agent.workspace, Permission.EDIT_AGENTS)
    status = HTTPStatus.CONFLICT
    try:
        conclusion = conclude(
            experiment, decision, by=request.user, seen_revision=form.cleaned_data["seen_revision"]
        )
    except Invalid as invalid:
        form.tell(invalid)
        status = HTTPStatus.BAD_REQUEST
    except OutOfDate:
        current = access.agent_for(request.user, experiment.agent_id, Permission.VIEW)
        experiment.agent = current
        form = _typed_again(request, experiment)
    except Conflict as conflict:
        if conflict.code != "not_supported":
            messages.info(request, conflict.detail)
            return redirect(experiment)
        form.add_error("reason", conflict.detail)
    else:
        messages.success(request, _told(experiment, conclusion))
        return redirect(experiment)
    return _conclude_page(request, experiment, results_of(experiment), form, status=status)


@confirmed_step
def experiment_put_into_use(
    request: PageRequest, agent_id: UUID, experiment_id: UUID
) -> HttpResponse:
    """Of one that was concluded without it; the prompts are compared as when concluding."""
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.EDIT_AGENTS)
    conclusion = experiment.concluded
    variant = None if conclusion is None or conclusion.is_in_use else conclusion.variant
    if conclusion is None or variant is None or not conclusion.has_persona_to_use:
        messages.info(request, f"There is nothing of {experiment} to put into use.")
        return redirect(experiment)
    form, status = PutIntoUseForm(request.POST or None), HTTPStatus.OK
    if request.method == "POST":
        try:
            seen = form.cleaned_data["seen_revision"] if form.is_valid() else 0
            put_into_use(experiment, by=request.user, seen_revision=seen)
        except OutOfDate:
            experiment = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
            messages.error(request, EDITED_BEFORE_USE)
            status = HTTPStatus.CONFLICT
        else:
            messages.success(request, f"{experiment.agent} has its persona from now on.")
            return redirect(experiment)
    context = {
        "experiment": experiment,
        "conclusion": conclusion,
        "form": PutIntoUseForm(initial={"seen_revision": experiment.agent.revision}),
        "proposal": proposal_of(experiment, variant),
        "dependents": dependents_of(experiment.agent),
    }
    template = "experiments/outcomes/put_into_use.html"
    return frame.agent_page(
        request, experiment.agent, template, context, section=SECTION, status=status
    )


@confirmed_step
def experiment_learned(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    """What was learned, written anew."""
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    conclusion = experiment.concluded
    if conclusion is None:
        messages.info(request, f"{experiment} is not concluded yet.")
        return redirect(experiment)
    initial = {"learned": conclusion.learned, "seen_version": experiment.version}
    form = LearnedForm(frame.posted(request), initial=initial)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            edit_learned(
                experiment,
                typed["learned"],
                by=request.user,
                seen_version=typed["seen_version"],
            )
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        except OutOfDate:
            form = LearnedForm({**initial, "learned": typed["learned"]})
            form.add_error("learned", LEARNED_MEANWHILE.format(conclusion.learned))
        else:
            messages.success(request, "What was learned is saved.")
            return redirect(experiment)
    template = "experiments/outcomes/learned_edit.html"
    context = {"experiment": experiment, "form": form}
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return frame.agent_page(
        request, experiment.agent, template, context, section=SECTION, status=status
    )


@confirmed_step
def experiment_take_back(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    conclusion = experiment.concluded
    if conclusion is None or not conclusion.is_in_use or conclusion.revision_before is None:
        messages.info(request, f"No variant of {experiment} is in use.")
        return redirect(experiment)
    if request.method == "POST":
        try:
            take_out_of_use(experiment, by=request.user)
        except Conflict as conflict:
            messages.error(request, conflict.detail)
        else:
            told = f"{experiment.agent} has the persona again that it had before."
            messages.success(request, told)
        return redirect(experiment)
    former = revision_of(experiment.agent, conclusion.revision_before)
    own = experiment.agent.system_prompt
    then, now = (system_prompt(each.persona, own) for each in (former, experiment.agent))
    context = {
        "experiment": experiment,
        "conclusion": conclusion,
        "is_unedited": is_unedited(experiment, conclusion),
        "before": pieces(now, compared_to=then),
        "after": pieces(then, compared_to=now),
    }
    template = "experiments/outcomes/take_back.html"
    return frame.agent_page(request, experiment.agent, template, context, section=SECTION)


def _conclude_page(
    request: PageRequest,
    experiment: Experiment,
    results: ExperimentResults,
    form: ConcludeForm,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    form.for_experiment(experiment)
    primary = primary_of(results)
    supported = supported_outcome(primary)
    guardrails = [each for each in results.metrics if each.metric.is_guardrail]
    context = {
        "experiment": experiment,
        "form": form,
        "verdict": primary.verdict,
        "guardrails": guardrails,
        "answers": _answers(experiment, supported),
        "chosen": form["answer"].value(),
        "proposals": [each for each in proposals_of(experiment) if each.is_change],
    }
    return frame.agent_page(
        request,
        experiment.agent,
        "experiments/outcomes/conclude.html",
        context,
        section=SECTION,
        status=status,
    )


def _answers(experiment: Experiment, supported: Supported) -> list[AnswerChoice]:
    winners = [
        AnswerChoice(
            str(variant.pk),
            f"{variant.name} won",
            variant,
            supported.holds(Outcome.WON, variant.pk),
        )
        for variant in experiment.variants.all()
    ]
    others = [
        AnswerChoice(each.value, str(each.label), None, supported.holds(each, None))
        for each in (Outcome.NO_DIFFERENCE, Outcome.ABANDONED)
    ]
    return [*winners, *others]


def _typed_again(request: PageRequest, experiment: Experiment) -> ConcludeForm:
    """What was typed, beside the agent as it is now."""
    typed = request.POST.copy()
    typed["seen_revision"] = str(experiment.agent.revision)
    form = ConcludeForm(typed)
    form.for_experiment(experiment)
    form.full_clean()
    form.add_error(None, EDITED_MEANWHILE)
    return form


def _told(experiment: Experiment, conclusion: Conclusion) -> str:
    told = f"{experiment} is concluded: {conclusion.in_words}."
    if conclusion.is_in_use:
        told += f" {experiment.agent} has its persona from now on."
    return told


def _why_not_concluded(experiment: Experiment) -> str:
    if experiment.is_draft:
        return f"{experiment} is a draft. There is nothing to conclude."
    return f"{experiment} is concluded already."
