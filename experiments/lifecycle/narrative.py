"""What happened to an experiment, in words: steps of its history and differences of set-ups."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import TextChoices

from agents.audit import texts
from agents.audit.narrative import Difference, Step, told_differences
from experiments.models import Action, Design, Event, Kind, PrimaryMetric, RuleKind
from experiments.plans.words import plan_in_words

SETUP_LABELS = {
    "name": "Name",
    "hypothesis": "Hypothesis",
    "kind": "Kind",
    "window_days": "Days that count",
    "primary_metric": "Primary metric",
    "design": "Design",
    "planned_lift": "Lift to detect",
    "most_looks": "Looks at most",
    "expected_value": "Expected value",
    "expected_weekly": "Expected visitors a week",
    "traffic_share": "Share of traffic",
}
_CHOICES: Mapping[str, type[TextChoices]] = {
    "kind": Kind,
    "primary_metric": PrimaryMetric,
    "design": Design,
}
SCHEDULE_LABELS = {
    "starts_at": "Starts",
    "on_conflict": "If another one runs then",
    "ends_at": "Ends",
    "ends_at_visitors": "Ends when a variant has so many visitors",
    "ends_when_decided": "Ends when decided",
}
CONFLICT_WORDS = {"stop_current": "stop that one", "keep_running": "keep it for its visitors"}
ENDED_WORDS = {
    "time": "stopped it at the time that was set",
    "visitors": "stopped it, as a variant had as many visitors as were set",
    "decided": "stopped it, as it was decided",
}
ABSENT = ""
CONCLUSION_LABELS = {
    "verdict": "Verdict",
    "reason": "Reason",
    "learned": "Learned",
    "in_use": "Put into use",
}
PLAIN_SENTENCES: Mapping[Action, str] = {
    Action.AGENT_EDITED: "edited the agent while it ran",
    Action.START_FAILED: "could not start it at the time that was set",
    Action.PUT_INTO_USE: "put its variant into use",
    Action.LEARNED: "edited what was learned",
    Action.TAKEN_BACK: "took its variant out of use",
    Action.SHARED: "shared its results by a link",
    Action.UNSHARED: "ended a link to its results",
    Action.LEFT_OUT: "left visitors out of its figures",
    Action.COUNTED_IN: "counted visitors in again",
    Action.MERGED: "merged visitors",
    Action.ERASED: "erased visitors",
}


def step_of(event: Event, *, whole: Mapping[str, str] | None = None) -> Step:
    """An event in words: in brief, or with the `whole` texts that it refers to."""
    action = Action(event.action)
    changes = texts.restored(event.changes, whole or {})
    found = _TOLD[action](changes) if action in _TOLD else []
    shown = found if whole is not None else [each.in_brief() for each in found]
    return Step(
        id=event.pk,
        who=event.actor_name,
        when=event.created_at,
        what=_sentence(action, changes),
        differences=shown,
        is_cut=whole is None and (shown != found or texts.refers(event.changes)),
    )


def differences(changes: Mapping[str, object]) -> list[Difference]:
    """What changed, line by line, from `{field: [before, after]}` as the history keeps it.

    Values may be what a person typed, so of any type.
    """
    found = [
        Difference(label, _worded(field, before), _worded(field, after))
        for field, label in SETUP_LABELS.items()
        if field in changes
        for before, after in [_pair(changes[field])]
    ]
    if "variants" in changes:
        before, after = _pair(changes["variants"])
        found += _variant_differences(_variants(before), _variants(after))
    return found


def _sentence(action: Action, changes: Mapping[str, object]) -> str:
    match action, changes:
        case Action.CREATED, {"duplicate_of": {"name": name}}:
            return f"made it as a copy of {name}"
        case Action.DUPLICATED, {"copy": {"name": name}}:
            return f"made the copy {name}"
        case Action.STARTED, _:
            return _started(changes)
        case Action.SCHEDULED, _ if any(_pair(each)[0] for each in changes.values()):
            return "changed its schedule"
        case Action.STOPPED, _:
            return _stopped(changes)
        case Action.CONCLUDED, {"outcome": str(outcome)}:
            return f"concluded it: {outcome}"
        case Action.PUT_INTO_USE, {"variant": str(name)}:
            return f"put {name} into use"
        case _, {"visitors": int(number)}:
            return _told_of_visitors(action, number, str(changes.get("rule", "")))
    return PLAIN_SENTENCES.get(action, f"{action.value} it")


def _stopped(changes: Mapping[str, object]) -> str:
    match changes:
        case {"ended": str(reason)} if reason in ENDED_WORDS:
            return ENDED_WORDS[reason]
        case {"started": {"name": name}}:
            return f"stopped it by starting {name}"
        case {"deleted": True}:
            return "stopped it by deleting it"
        case {"concluded": True}:
            return "stopped it by concluding it"
    return "stopped it"


def _schedule_differences(changes: Mapping[str, object]) -> list[Difference]:
    reason = changes.get("reason")
    found = [Difference("Why", ABSENT, reason)] if isinstance(reason, str) else []
    return found + [
        Difference(label, _when(before), _when(after))
        for field, label in SCHEDULE_LABELS.items()
        if field in changes
        for before, after in [_pair(changes[field])]
    ]


def _when(value: object) -> str:
    match value:
        case None | False:
            return ABSENT
        case True:
            return "yes"
        case str() if value in CONFLICT_WORDS:
            return CONFLICT_WORDS[value]
        case str():
            try:
                return f"{datetime.fromisoformat(value):%d %b %Y, %H:%M} UTC"
            except ValueError:
                return value
    return _text(value)


def _started(changes: Mapping[str, object]) -> str:
    told = "started it as scheduled" if "scheduled" in changes else "started it"
    match changes.get("kept_running"):
        case {"name": name}:
            told += f"; {name} went on for the visitors that it had"
    match changes.get("plan"):
        case Mapping() as plan:
            told += f", {plan_in_words(plan)}"
    return told


def _conclusion_lines(changes: Mapping[str, object]) -> list[Difference]:
    return [
        Difference(label, *map(_text, _pair(changes[field])))
        for field, label in CONCLUSION_LABELS.items()
        if field in changes
    ]


def _told_of_visitors(action: Action, number: int, rule: str) -> str:
    visitors = f"{number:,} visitor{'' if number == 1 else 's'}"
    why = f" (by {RuleKind(rule).label.lower()})" if rule in RuleKind.values else ""
    match action:
        case Action.LEFT_OUT:
            return f"left {visitors} out of its figures{why}"
        case Action.COUNTED_IN:
            return f"counted {visitors} in again{why}"
        case Action.MERGED:
            return f"merged {visitors} with other ids of theirs"
    return f"erased {visitors}; the figures stayed what they were"


def _variant_differences(
    before: Sequence[Mapping[str, object]], after: Sequence[Mapping[str, object]]
) -> list[Difference]:
    """Variants are the same if they have the same name, or else the same place."""
    old_names, new_names = _names(before), _names(after)
    found: list[Difference] = []
    kept: set[int] = set()
    for index, variant in enumerate(after):
        name = new_names[index]
        was = _counterpart(index, name, old_names, new_names)
        if was is None:
            found.append(Difference(f"Variant {name} added", ABSENT, _summary(variant)))
            continue
        kept.add(was)
        if old_names[was] != name:
            found.append(Difference(f"Name of variant {index + 1}", old_names[was], name))
        found += _detail_differences(name, before[was], variant)
    for index, variant in enumerate(before):
        if index not in kept:
            label = f"Variant {old_names[index]} removed"
            found.append(Difference(label, _summary(variant), ABSENT))
    common = [name for name in old_names if name in new_names]
    if common != [name for name in new_names if name in old_names]:
        found.append(Difference("Order", ", ".join(old_names), ", ".join(new_names)))
    return found


def _counterpart(
    index: int, name: str, old_names: Sequence[str], new_names: Sequence[str]
) -> int | None:
    """The place in `old_names` of the variant that is now at `index`, if it was there."""
    if name in old_names:
        return old_names.index(name)
    if index < len(old_names) and old_names[index] not in new_names:
        return index
    return None


def _detail_differences(
    name: str, before: Mapping[str, object], after: Mapping[str, object]
) -> list[Difference]:
    old, new = _details(before), _details(after)
    return [
        Difference(f"{name}: {label}", old.get(label, ABSENT), new.get(label, ABSENT))
        for label in dict.fromkeys([*old, *new])
        if old.get(label) != new.get(label)
    ]


def _details(variant: Mapping[str, object]) -> dict[str, str]:
    """What there is to say of a variant, by label."""
    details = {"weight": _text(variant.get("weight"))}
    config = variant.get("config")
    persona = config.get("persona") if isinstance(config, Mapping) and len(config) == 1 else None
    if isinstance(persona, Mapping):
        details |= {f"persona {key}": _text(value) for key, value in persona.items()}
    elif config:
        details["config"] = _text(config)
    return details


def _summary(variant: Mapping[str, object]) -> str:
    return "; ".join(f"{label} {value}" for label, value in _details(variant).items())


def _names(variants: Sequence[Mapping[str, object]]) -> list[str]:
    return [_text(variant.get("name")) for variant in variants]


def _variants(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _pair(value: object) -> tuple[object, object]:
    match value:
        case [before, after]:
            return before, after
    return ABSENT, ABSENT


def _worded(field: str, value: object) -> str:
    if value is None:
        return ABSENT
    if field in _CHOICES and value in _CHOICES[field].values:
        return str(_CHOICES[field](value).label)
    match field, value:
        case "planned_lift", int() | float():
            return f"{value * 100:+g}%"
        case "traffic_share", int():
            return f"{value}%"
    return _text(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_TOLD = {
    Action.EDITED: differences,
    Action.AGENT_EDITED: told_differences,
    Action.SCHEDULED: _schedule_differences,
    Action.START_FAILED: _schedule_differences,
    Action.CONCLUDED: _conclusion_lines,
    Action.LEARNED: _conclusion_lines,
}
"""Steps that tell what was changed, and how."""
