"""Services that write an experiment's set-up: create, edit, duplicate."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from agents import quotas
from agents.agents.editing import changing
from agents.models import Agent
from agents.roles import Caller
from experiments import history, limits
from experiments.access import NO_SUCH_EXPERIMENT
from experiments.configuration import (
    PLAIN_FIELDS,
    Setup,
    changed_setup,
    new_setup,
    setup_of,
)
from experiments.lifecycle._duplicate_calls import copy_made, remember_copy
from experiments.models import Action, Experiment, Variant
from glozr.errors import Conflict, FieldError, Invalid, NotFound, OutOfDate

FROZEN_FIELDS = {"kind": "kind", "window_days": "window", "variants": "variants"}
"""And how people call them."""
FROZEN_AT_START = {
    "primary_metric": "primary metric",
    "design": "design",
    "planned_lift": "planned lift",
    "most_looks": "number of looks",
    "expected_value": "expected value",
    "expected_weekly": "expected visitors",
}
ONLY_RAISED = (
    "It has run, so its share of traffic may only be raised: who takes part already keeps on."
)


@contextmanager
def alone(experiment: Experiment, *, seen_version: int | None = None) -> Iterator[Experiment]:
    """The experiment as it is now, with nobody else changing it or assigning to it.

    `seen_version` is the version that whoever asks had before them; None: any will do.

    Raises:
        NotFound: it has been deleted since.
        OutOfDate: it has changed since `seen_version`.
    """
    with changing(experiment.agent_id) as agent:
        current = (
            Experiment.objects.select_for_update()
            .prefetch_related("variants")
            .filter(pk=experiment.pk)
            .first()
        )
        if current is None:
            raise NotFound(NO_SUCH_EXPERIMENT)
        if seen_version is not None and seen_version != current.version:
            raise OutOfDate
        current.agent = agent
        yield current


def raise_version(experiment: Experiment) -> None:
    """For whatever changes of what its page and its answer show, and stands in another row."""
    Experiment.objects.filter(pk=experiment.pk).update(version=F("version") + 1)


def create(*, agent: Agent, sent: Mapping[str, object], by: Caller | None) -> Experiment:
    """A new draft from what a client sent: name, kind, hypothesis, window and variants.

    Raises:
        Invalid: with every broken rule.
        Conflict: `too_many`, when the workspace has `limits.EXPERIMENTS_OF_WORKSPACE`.
    """
    with changing(agent.pk) as current:
        others = Experiment.objects.of_agent(agent.pk)
        setup = new_setup(sent, persona=current.persona, is_taken=_names_in(others))
        return _insert(current, setup, by=by, action=Action.CREATED)


def edit(
    experiment: Experiment,
    *,
    sent: Mapping[str, object],
    by: Caller | None,
    seen_version: int | None = None,
) -> Experiment:
    """Change what was sent; `seen_version` is the version that the change was made to.

    Raises:
        Invalid: with every broken rule.
        Conflict: `frozen`, when kind, window or variants would change of an experiment that runs or
            has assignments, or the design of one that was started.
        OutOfDate: the experiment has changed since `seen_version`.
    """
    with alone(experiment, seen_version=seen_version) as current:
        before = setup_of(current)
        others = Experiment.objects.of_agent(current.agent_id).exclude(pk=current.pk)
        after = changed_setup(sent, current=before, is_taken=_names_in(others))
        changes = _changes(before, after)
        if not changes:
            return current
        _refuse_frozen(current, changes)
        if current.has_started and after.traffic_share < before.traffic_share:
            raise Invalid([FieldError("traffic_share", "only_raised", ONLY_RAISED)])
        _write(current, after, variants_changed="variants" in changes)
        history.record(current, Action.EDITED, by=by, changes=changes)
    return current


def _refuse_frozen(current: Experiment, changes: Mapping[str, object]) -> None:
    frozen = [name for field, name in FROZEN_FIELDS.items() if field in changes]
    if frozen and not current.is_frozen():
        frozen = []
    if current.has_started:
        frozen += [name for field, name in FROZEN_AT_START.items() if field in changes]
    if frozen:
        raise Conflict(
            f"The {' and '.join(frozen)} of {current.name} can no longer change: visitors "
            "have been assigned, or it has been started. Duplicate it and edit the copy.",
            code="frozen",
        )


def duplicate(
    experiment: Experiment, *, by: Caller | None, name: str | None = None, key: str | None = None
) -> Experiment:
    """A new draft with the same set-up, called `name` or "… (copy)"; the same one whenever `by`
    asks again with the same `key` within a day.

    Raises:
        Invalid: the name breaks a rule.
        Conflict: `too_many`, when the workspace has `limits.EXPERIMENTS_OF_WORKSPACE`;
            `key_reused` for something else; `copy_deleted` since.
    """
    with alone(experiment) as current:
        if key is None or by is None:
            return _copy(current, by=by, name=name)
        if (made := copy_made(current, by=by, key=key, name=name)) is not None:
            return made
        copy = _copy(current, by=by, name=name)
        remember_copy(current, copy, by=by, key=key, name=name)
    return copy


def copied_from(copy: Experiment) -> UUID | None:
    """What it was duplicated from, as long as nothing has been done with it since."""
    if not copy.is_draft or copy.version > 1:
        return None
    changes = history.steps_of(copy).values_list("changes", flat=True).first() or {}
    original = changes.get("duplicate_of")
    return UUID(original["id"]) if original else None


def _copy(current: Experiment, *, by: Caller | None, name: str | None) -> Experiment:
    setup = changed_setup(
        {"name": name if name is not None else _free_copy_name(current)},
        current=setup_of(current),
        is_taken=_names_in(Experiment.objects.of_agent(current.agent_id)),
    )
    copy = _insert(
        current.agent,
        setup,
        by=by,
        action=Action.CREATED,
        changes={"duplicate_of": {"id": str(current.pk), "name": current.name}},
    )
    history.record(
        current,
        Action.DUPLICATED,
        by=by,
        changes={"copy": {"id": str(copy.pk), "name": copy.name}},
    )
    return copy


def _names_in(experiments: QuerySet[Experiment]) -> Callable[[str], bool]:
    """Whether one of them has a name. Ask while the agent is locked, and the answer stays true."""
    return lambda name: experiments.filter(name=name).exists()


def _insert(
    agent: Agent,
    setup: Setup,
    *,
    by: Caller | None,
    action: Action,
    changes: Mapping[str, object] | None = None,
) -> Experiment:
    experiment = Experiment(agent=agent, **_plain(setup))
    quotas.demand_room(
        agent.workspace_id,
        Experiment.objects.filter(agent__workspace=agent.workspace_id),
        limits.EXPERIMENTS_OF_WORKSPACE,
        what_to_do=(
            f"This workspace has {limits.EXPERIMENTS_OF_WORKSPACE:,} experiments, which is as "
            "many as a workspace may. Delete those that you no longer need."
        ),
    )
    experiment.save(force_insert=True)
    _insert_variants(experiment, setup)
    history.record(experiment, action, by=by, changes=changes)
    return experiment


def _write(experiment: Experiment, setup: Setup, *, variants_changed: bool) -> None:
    for field, value in _plain(setup).items():
        setattr(experiment, field, value)
    experiment.version += 1
    experiment.save(update_fields=[*PLAIN_FIELDS, "version"])
    if variants_changed:
        experiment.variants.all().delete()
        _insert_variants(experiment, setup)


def _plain(setup: Setup) -> dict[str, Any]:
    return {field: getattr(setup, field) for field in PLAIN_FIELDS}


def _insert_variants(experiment: Experiment, setup: Setup) -> None:
    Variant.objects.bulk_create(
        Variant(
            experiment=experiment,
            position=position,
            name=variant.name,
            weight=variant.weight,
            config=variant.config,
        )
        for position, variant in enumerate(setup.variants)
    )
    # A prefetched list from before the change must not be read again.
    getattr(experiment, "_prefetched_objects_cache", {}).pop("variants", None)


def _changes(before: Setup, after: Setup) -> dict[str, list[object]]:
    """For each field that differs, what it was and what it is."""
    changes: dict[str, list[object]] = {}
    for field in PLAIN_FIELDS:
        if getattr(before, field) != getattr(after, field):
            changes[field] = [getattr(before, field), getattr(after, field)]
    if before.variants != after.variants:
        changes["variants"] = [_readable(before), _readable(after)]
    return changes


def _readable(setup: Setup) -> list[dict[str, object]]:
    return [
        {"name": variant.name, "weight": variant.weight, "config": variant.config}
        for variant in setup.variants
    ]


def _free_copy_name(experiment: Experiment) -> str:
    taken = set(
        Experiment.objects.of_agent(experiment.agent_id)
        .filter(name__contains="(copy")
        .values_list("name", flat=True)
    )
    number = 1
    while True:
        suffix = " (copy)" if number == 1 else f" (copy {number})"
        name = experiment.name[: limits.EXPERIMENT_NAME - len(suffix)] + suffix
        if name not in taken:
            return name
        number += 1
