"""Conclude an experiment, put its variant into use, then or later, and take it back; write anew
what was learned.

Each is one step alone on the agent (`editing.alone`), so that no visitor gets a part of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Now

from agents.agents.editing import Seen, WordsOrigin, edit_agent
from agents.agents.prompt import persona_in_force
from agents.agents.revisions import revision_of, words_of
from agents.audit.events import caller_name
from agents.models import User, WorkspaceAction
from agents.roles import Caller
from experiments import history, lifecycle, limits
from experiments.lifecycle.editing import alone, raise_version
from experiments.models import Action, Conclusion, Experiment, Kind, Outcome, Variant
from experiments.outcomes.figures_kept import effect_of, figures_of
from experiments.outcomes.support import primary_of, supported_outcome
from experiments.results.report import ExperimentResults, results_of
from glozr.errors import Conflict, FieldError, Invalid, OutOfDate
from glozr.text import (
    CONTROL_CHARACTERS,
    LINE_BREAKS,
    has_control_characters,
    is_encodable,
)

TEXTS: Mapping[str, int] = {"learned": limits.LEARNED, "reason": limits.REASON}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says came of an experiment; `variant` is the one that won."""

    outcome: str
    variant: UUID | None = None
    learned: str = ""
    reason: str = ""
    put_into_use: bool = False


def conclude(
    experiment: Experiment,
    decision: Decision,
    *,
    by: Caller | None,
    seen_revision: int | None = None,
) -> Conclusion:
    """Record what came of the experiment; a running one is stopped by it.

    The same decision again changes nothing. `seen_revision` is the agent's, of the prompt that the
    variant's was compared with.

    Raises:
        Invalid: with every broken rule.
        Conflict: `not_started`; `concluded` otherwise before; `not_supported` by the verdict, and
            no reason given.
        OutOfDate: the agent has been edited since `seen_revision`.
    """
    decision, variant = _checked(experiment, decision)
    # Before the step, as visitors wait while that takes.
    results = results_of(experiment)
    with alone(experiment) as current:
        if (found := current.concluded) is not None:
            _demand_same(found, decision)
            return found
        if current.is_draft:
            detail = f"{current.name} has not been started, so there is nothing to conclude."
            raise Conflict(f"{detail} Delete the draft instead.", code="not_started")
        _demand_support(results, decision)
        if current.is_running:
            lifecycle.stop(current, by=by, because={"concluded": True})
        lifecycle.forget_schedule(current)
        conclusion = _conclusion(current, decision, results, by=by)
        if decision.put_into_use and variant is not None:
            _put_into_use(current, conclusion, variant, by=by, seen_revision=seen_revision)
        conclusion.save(force_insert=True)
        _note(current, conclusion, by=by)
    conclusion.refresh_from_db(fields=["concluded_at"])
    return conclusion


def put_into_use(
    experiment: Experiment, *, by: Caller | None, seen_revision: int | None = None
) -> Conclusion:
    """Make the persona of the variant that won the agent's, of an experiment that was concluded
    without that, or whose variant was taken back. What is in use already stays so.

    Raises:
        Conflict: `not_concluded`; `nothing_to_use`, no variant won or variants are no personas.
        OutOfDate: the agent has been edited since `seen_revision`.
    """
    with alone(experiment) as current:
        conclusion = current.concluded
        if conclusion is None:
            detail = f"{current.name} is not concluded. Conclude it first."
            raise Conflict(detail, code="not_concluded")
        if conclusion.is_in_use:
            return conclusion
        variant = conclusion.variant
        if variant is None or not conclusion.has_persona_to_use:
            detail = f"{current.name} has no persona that won, so there is nothing to use."
            raise Conflict(detail, code="nothing_to_use")
        _put_into_use(current, conclusion, variant, by=by, seen_revision=seen_revision)
        conclusion.taken_back_at, conclusion.taken_back_by_name = None, ""
        conclusion.save(
            update_fields=[
                *("revision_before", "revision_after", "taken_back_at", "taken_back_by_name")
            ]
        )
        raise_version(current)
        changes = {"variant": variant.name}
        history.record(current, Action.PUT_INTO_USE, by=by, changes=changes)
    conclusion.refresh_from_db()
    return conclusion


def edit_learned(
    experiment: Experiment, learned: str, *, by: Caller | None, seen_version: int | None = None
) -> Conclusion:
    """Write anew what was learned; figures, verdict and outcome stay as they stood.

    Raises:
        Invalid: it is too long, or holds what no text may.
        Conflict: `not_concluded`.
        OutOfDate: the experiment has changed since `seen_version`.
    """
    learned = learned.strip()
    if errors := _text_errors("learned", learned):
        raise Invalid(errors)
    with alone(experiment, seen_version=seen_version) as current:
        conclusion = current.concluded
        if conclusion is None:
            detail = f"{current.name} is not concluded, so nothing is written of it yet."
            raise Conflict(detail, code="not_concluded")
        if (before := conclusion.learned) == learned:
            return conclusion
        conclusion.learned = learned
        conclusion.save(update_fields=["learned"])
        raise_version(current)
        history.record(current, Action.LEARNED, by=by, changes={"learned": [before, learned]})
    return conclusion


def take_out_of_use(experiment: Experiment, *, by: Caller | None) -> Conclusion:
    """Give the agent the persona that it had before the variant's. Again it changes nothing.

    Raises:
        Conflict: `not_in_use`, nothing of it was put into use; `edited_since`, the agent has been
            edited.
    """
    with alone(experiment) as current:
        conclusion = current.concluded
        if conclusion is None or conclusion.revision_before is None:
            raise Conflict(f"No variant of {current.name} was put into use.", code="not_in_use")
        if not conclusion.is_in_use:
            return conclusion
        _demand_unedited(current, conclusion)
        former = revision_of(current.agent, conclusion.revision_before)
        subject = f"{conclusion.variant} of {current.name}"
        edit_agent(
            current.agent,
            name=current.agent.name,
            persona=former.persona,
            system_prompt=current.agent.system_prompt,
            by=by,
            origin=WordsOrigin(f"Took {subject} out of use", WorkspaceAction.TAKEN_BACK, subject),
        )
        Conclusion.objects.filter(pk=conclusion.pk).update(
            taken_back_at=Now(), taken_back_by_name=caller_name(by)
        )
        raise_version(current)
        history.record(current, Action.TAKEN_BACK, by=by)
    conclusion.refresh_from_db()
    return conclusion


def is_unedited(experiment: Experiment, conclusion: Conclusion) -> bool:
    """Whether the agent says what it said when the variant was put into use."""
    agent = experiment.agent
    if conclusion.revision_after != agent.revision:
        return False
    return words_of(revision_of(agent, agent.revision)) == words_of(agent)


def _checked(experiment: Experiment, decision: Decision) -> tuple[Decision, Variant | None]:
    """The decision with its texts trimmed, and the variant that won."""
    errors = []
    if decision.outcome not in Outcome.values:
        detail = f"Choose one of {', '.join(Outcome.values)}."
        errors.append(FieldError("outcome", "invalid_choice", detail))
    has_won = decision.outcome == Outcome.WON
    by_id = {variant.pk: variant for variant in experiment.variants.all()}
    variant = by_id.get(decision.variant) if decision.variant else None
    if has_won and variant is None:
        errors.append(FieldError("variant", "required", "Say which of its variants won."))
    if not has_won and decision.variant is not None:
        detail = "Name a variant only where one won."
        errors.append(FieldError("variant", "not_won", detail))
    if decision.put_into_use and not (has_won and experiment.kind == Kind.PERSONA):
        detail = "Only the persona of a variant that won can be put into use."
        errors.append(FieldError("put_into_use", "nothing_to_use", detail))
    learned, reason = decision.learned.strip(), decision.reason.strip()
    for field, text in (("learned", learned), ("reason", reason)):
        errors += _text_errors(field, text)
    if errors:
        raise Invalid(errors)
    return Decision(decision.outcome, decision.variant, learned, reason, decision.put_into_use), (
        variant
    )


def _text_errors(field: str, text: str) -> list[FieldError]:
    if len(text) > TEXTS[field]:
        return [FieldError(field, "max_length", f"Use at most {TEXTS[field]:,} characters.")]
    if not is_encodable(text):
        return [FieldError(field, "not_unicode", "This holds half of a surrogate pair.")]
    if has_control_characters(text, allowed=LINE_BREAKS):
        return [FieldError(field, "control_characters", CONTROL_CHARACTERS)]
    return []


def _demand_same(found: Conclusion, decision: Decision) -> None:
    before = Decision(
        found.outcome, found.variant_id, found.learned, found.reason, found.was_put_into_use
    )
    if before != decision:
        raise Conflict(
            f"{found.experiment.name} is concluded already: {found.in_words}. Duplicate it to ask "
            "again.",
            code="concluded",
        )


def _demand_support(results: ExperimentResults, decision: Decision) -> None:
    primary = primary_of(results)
    if decision.reason or supported_outcome(primary).holds(decision.outcome, decision.variant):
        return
    raise Conflict(
        f"The verdict doesn't support that: {primary.verdict.answer} Choose what it supports, or "
        "give your reason.",
        code="not_supported",
    )


def _conclusion(
    current: Experiment, decision: Decision, results: ExperimentResults, *, by: Caller | None
) -> Conclusion:
    effect = effect_of(results, winner=decision.variant)
    verdict = primary_of(results).verdict
    return Conclusion(
        experiment=current,
        agent=current.agent,
        outcome=decision.outcome,
        variant_id=decision.variant,
        learned=decision.learned,
        reason=decision.reason,
        verdict=" ".join(filter(None, [verdict.answer, verdict.certainty])),
        figures=figures_of(results, winner=decision.variant),
        lift=effect.value if effect else None,
        lift_error=effect.error if effect else None,
        concluded_by=by if isinstance(by, User) else None,
        concluded_by_name=caller_name(by),
    )


def _put_into_use(
    current: Experiment,
    conclusion: Conclusion,
    variant: Variant,
    *,
    by: Caller | None,
    seen_revision: int | None,
) -> None:
    agent = current.agent
    if seen_revision is not None and seen_revision != agent.revision:
        raise OutOfDate
    persona = persona_in_force(agent.persona, variant.config)
    subject = f"{variant.name} of {current.name}"
    edited = edit_agent(
        agent,
        name=agent.name,
        persona=persona,
        system_prompt=agent.system_prompt,
        by=by,
        seen=None if seen_revision is None else Seen(seen_revision, agent.name),
        origin=WordsOrigin(f"From {subject}", WorkspaceAction.PUT_INTO_USE, subject),
    )
    conclusion.revision_after = edited.revision
    conclusion.revision_before = edited.revision - (persona != agent.persona)


def _note(current: Experiment, conclusion: Conclusion, *, by: Caller | None) -> None:
    raise_version(current)
    lines = {
        "verdict": conclusion.verdict,
        "reason": conclusion.reason,
        "learned": conclusion.learned,
        "in_use": f"{conclusion.variant}" if conclusion.was_put_into_use else "",
    }
    changes: dict[str, object] = {field: ["", text] for field, text in lines.items() if text}
    history.record(
        current,
        Action.CONCLUDED,
        by=by,
        changes={"outcome": conclusion.in_words, **changes},
    )


def _demand_unedited(current: Experiment, conclusion: Conclusion) -> None:
    if not is_unedited(current, conclusion):
        raise Conflict(
            f"{current.agent.name} has been edited since, so its former persona would overwrite "
            f"that. It stands in revision {conclusion.revision_before}: edit the agent by hand.",
            code="edited_since",
        )
