"""The configuration rules, once: forms, the API, the admin and `start` all ask here.

Input is what a client sent, of any type. What comes out is typed and obeys the rules, or is
`Invalid` with every broken one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from experiments import limits
from experiments.models import NAME_TAKEN, WEIGHT_RULE, WINDOW_RULE, Experiment, Kind
from glozr.errors import FieldError, Invalid
from glozr.text import (
    CONTROL_CHARACTERS,
    LINE_BREAKS,
    has_control_characters,
    is_encodable,
    problem_of_line,
)

DEFAULT_WEIGHT = 50

FIELD_OF_CONSTRAINT = {"name_taken": "name", "window": "window_days"}
"""Which field to blame when a constraint of `Experiment` refuses a row."""

SETUP_FIELDS = ("name", "hypothesis", "kind", "window_days", "variants")
VARIANT_FIELDS = ("name", "weight", "config")


@dataclass(frozen=True, slots=True)
class VariantSetup:
    name: str
    weight: int
    config: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a person decides about an experiment; variants by position, the control first."""

    name: str
    kind: str
    hypothesis: str
    variants: tuple[VariantSetup, ...]
    window_days: int = limits.WINDOW_DAYS


def setup_of(experiment: Experiment) -> Setup:
    return Setup(
        name=experiment.name,
        kind=experiment.kind,
        hypothesis=experiment.hypothesis,
        variants=tuple(
            VariantSetup(variant.name, variant.weight, variant.config)
            for variant in experiment.variants.all()
        ),
        window_days=experiment.window_days,
    )


def default_variants(kind: str, persona: Mapping[str, str]) -> tuple[VariantSetup, ...]:
    """Control and treatment, half each. A persona control is the agent as it is now; its
    treatment is left to be filled in."""
    control = {"persona": dict(persona)} if kind == Kind.PERSONA else {}
    return (
        VariantSetup("control", DEFAULT_WEIGHT, control),
        VariantSetup("treatment", DEFAULT_WEIGHT, {}),
    )


def new_setup(
    sent: Mapping[str, object], *, persona: Mapping[str, str], is_taken: Callable[[str], bool]
) -> Setup:
    """The set-up of a new experiment of an agent with `persona`.

    `is_taken` knows the names of the agent's other experiments.

    Raises:
        Invalid: with every broken rule.
    """
    check = _Check(is_taken)
    check.known_fields(sent)
    kind = check.kind(sent.get("kind"))
    setup = Setup(
        name=check.name(sent.get("name")),
        kind=kind,
        hypothesis=check.hypothesis(sent.get("hypothesis", "")),
        variants=(
            check.variants(sent["variants"], kind)
            if "variants" in sent
            else default_variants(kind, persona)
        ),
        window_days=check.window_days(sent.get("window_days", limits.WINDOW_DAYS)),
    )
    check.raise_if_broken()
    return setup


def changed_setup(
    sent: Mapping[str, object], *, current: Setup, is_taken: Callable[[str], bool]
) -> Setup:
    """`current` with what was `sent`. Variants are a whole list; a new kind is checked
    against the variants that stay. `is_taken` knows the names of the agent's other experiments.

    Raises:
        Invalid: with every broken rule.
    """
    check = _Check(is_taken)
    check.known_fields(sent)
    setup = current
    if "name" in sent:
        setup = replace(setup, name=check.name(sent["name"]))
    if "hypothesis" in sent:
        setup = replace(setup, hypothesis=check.hypothesis(sent["hypothesis"]))
    if "window_days" in sent:
        setup = replace(setup, window_days=check.window_days(sent["window_days"]))
    if "kind" in sent:
        setup = replace(setup, kind=check.kind(sent["kind"]))
    if "variants" in sent:
        setup = replace(setup, variants=check.variants(sent["variants"], setup.kind))
    elif setup.kind != current.kind:
        check.variants(_as_sent(current.variants), setup.kind)
    check.raise_if_broken()
    return setup


def check_complete(setup: Setup) -> None:
    """What `start` asks: that the stored set-up obeys every rule.

    Raises:
        Invalid: with every broken rule.
    """
    check = _Check()
    check.name(setup.name)
    check.hypothesis(setup.hypothesis)
    check.window_days(setup.window_days)
    check.variants(_as_sent(setup.variants), check.kind(setup.kind))
    check.raise_if_broken()


def _as_sent(variants: Sequence[VariantSetup]) -> list[dict[str, object]]:
    return [
        {"name": variant.name, "weight": variant.weight, "config": variant.config}
        for variant in variants
    ]


class _Check:
    """Collects broken rules while it reads. Each method gives a usable value either way."""

    def __init__(self, is_taken: Callable[[str], bool] = lambda name: False) -> None:
        self.errors: list[FieldError] = []
        self.is_taken = is_taken

    def raise_if_broken(self) -> None:
        if self.errors:
            raise Invalid(self.errors)

    def broken(self, field: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(field, code, detail))

    def known_fields(self, sent: Mapping[str, object]) -> None:
        for field in sent.keys() - set(SETUP_FIELDS):
            self.broken(field, "unknown_field", "There is no such field. Leave it out.")

    def text(
        self, field: str, value: object, *, limit: int, required: bool = True, lines: bool = False
    ) -> str:
        if value is None and required:
            self.broken(field, "required", "This is needed.")
        elif not isinstance(value, str):
            self.broken(field, "not_a_string", "This must be text.")
        elif required and not value.strip():
            self.broken(field, "required", "This is needed.")
        elif not is_encodable(value):
            self.broken(field, "not_unicode", "This holds half of a surrogate pair.")
        elif len(value.strip()) > limit:
            self.broken(field, "max_length", f"Use at most {limit} characters.")
        elif lines and has_control_characters(value.strip(), allowed=LINE_BREAKS):
            self.broken(field, "control_characters", CONTROL_CHARACTERS)
        elif not lines and (problem := problem_of_line(value.strip())):
            self.broken(field, *problem)
        else:
            return value.strip()
        return ""

    def name(self, value: object) -> str:
        name = self.text("name", value, limit=limits.EXPERIMENT_NAME)
        if name and self.is_taken(name):
            self.broken("name", "name_taken", NAME_TAKEN)
        return name

    def hypothesis(self, value: object) -> str:
        return self.text("hypothesis", value, limit=limits.HYPOTHESIS, required=False, lines=True)

    def kind(self, value: object) -> str:
        if isinstance(value, str) and value in Kind.values:
            return value
        code = "required" if value is None else "invalid_choice"
        self.broken("kind", code, f"Choose one of {', '.join(Kind.values)}.")
        return ""

    def variants(self, value: object, kind: str) -> tuple[VariantSetup, ...]:
        if not isinstance(value, list):
            self.broken("variants", "not_a_list", "Send a list of variants.")
            return ()
        if len(value) < limits.MIN_VARIANTS:
            self.broken("variants", "too_few", "An experiment needs at least two variants.")
        if len(value) > limits.MAX_VARIANTS:
            self.broken("variants", "too_many", "An experiment has at most 10 variants.")
            return ()
        variants = tuple(
            self.variant(f"variants.{index}", item, kind) for index, item in enumerate(value)
        )
        self.distinct_names(variants)
        return variants

    def distinct_names(self, variants: Sequence[VariantSetup]) -> None:
        seen: set[str] = set()
        for index, variant in enumerate(variants):
            # The database compares lower(); casefold() catches what only people call the same.
            folded = {variant.name.casefold(), variant.name.lower()}
            if variant.name and folded & seen:
                self.broken(
                    f"variants.{index}.name",
                    "name_taken",
                    f"Another variant is called {variant.name}. Names ignore case.",
                )
            seen |= folded

    def variant(self, field: str, item: object, kind: str) -> VariantSetup:
        if not isinstance(item, Mapping):
            self.broken(field, "not_an_object", "A variant has a name, a weight and a config.")
            return VariantSetup("", 1, {})
        for key in item.keys() - set(VARIANT_FIELDS):
            self.broken(f"{field}.{key}", "unknown_field", "There is no such field. Leave it out.")
        return VariantSetup(
            name=self.text(f"{field}.name", item.get("name"), limit=limits.VARIANT_NAME),
            weight=self.weight(f"{field}.weight", item.get("weight")),
            config=self.config(f"{field}.config", item.get("config", {}), kind),
        )

    def weight(self, field: str, value: object) -> int:
        return self.whole(field, value, 1, limits.MAX_WEIGHT, WEIGHT_RULE)

    def window_days(self, value: object) -> int:
        least, most = limits.MIN_WINDOW_DAYS, limits.MAX_WINDOW_DAYS
        return self.whole("window_days", value, least, most, WINDOW_RULE)

    def whole(self, field: str, value: object, least: int, most: int, rule: str) -> int:
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if is_integer and least <= value <= most:  # type: ignore[operator]
            return value  # type: ignore[return-value]
        code = "required" if value is None else "out_of_range" if is_integer else "not_an_integer"
        self.broken(field, code, rule)
        return least

    def config(self, field: str, value: object, kind: str) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            self.broken(field, "not_an_object", "A config is a JSON object, such as {}.")
            return {}
        if kind == Kind.PERSONA:
            self.persona_config(field, value)
            return value
        return self.free_config(field, value)

    def persona_config(self, field: str, config: Mapping[str, object]) -> None:
        for key in config.keys() - {"persona"}:
            self.broken(f"{field}.{key}", "unknown_field", "Only persona may stand here.")
        persona = config.get("persona")
        field = f"{field}.persona"
        if not isinstance(persona, Mapping) or not persona.keys() & limits.PERSONA_LIMITS.keys():
            self.broken(field, "required", "Give the persona a name, a tone, or both.")
            return
        for key in persona.keys() - limits.PERSONA_LIMITS.keys():
            self.broken(f"{field}.{key}", "unknown_field", "A persona has a name and a tone.")
        for key in persona.keys() & limits.PERSONA_LIMITS.keys():
            self.text(
                f"{field}.{key}",
                persona[key],
                limit=limits.PERSONA_LIMITS[key],
                lines=key == "tone",
            )

    def free_config(self, field: str, config: Mapping[str, object]) -> Mapping[str, object]:
        if (problem := _json_problem(config)) is not None:
            self.broken(field, *problem)
            return config
        stored = {key: _as_stored(value) for key, value in config.items()}
        if len(json.dumps(stored, ensure_ascii=False).encode()) > limits.MAX_CONFIG_BYTES:
            self.broken(
                field, "too_large", f"A config has at most {limits.MAX_CONFIG_BYTES // 1024} KiB."
            )
        return stored


def _as_stored(value: object) -> object:
    """A JSON value as it is read again. PostgreSQL writes numbers without an exponent: 1e300, of
    five characters, comes back with 301, and would be too large at the start alone."""
    match value:
        case float():
            return int(Decimal(text)) if "e+" in (text := repr(value)) else value + 0.0
        case Mapping():
            return {key: _as_stored(each) for key, each in value.items()}
        case list():
            return [_as_stored(each) for each in value]
    return value


def _json_problem(value: object, depth: int = 0) -> tuple[str, str] | None:
    """The code and sentence of what PostgreSQL could not keep of a JSON value, if anything."""
    if depth > limits.MAX_CONFIG_DEPTH:
        return "too_deep", f"Nest at most {limits.MAX_CONFIG_DEPTH} levels."
    if isinstance(value, str):
        if not is_encodable(value):
            return "not_unicode", "A text in it holds half of a surrogate pair."
        if has_control_characters(value, allowed=LINE_BREAKS):
            return "control_characters", CONTROL_CHARACTERS
    elif isinstance(value, float) and not math.isfinite(value):
        return "not_finite", "JSON knows no infinite number."
    elif isinstance(value, Mapping):
        parts = [part for item in value.items() for part in item]
        return _first_problem(parts, depth)
    elif isinstance(value, list):
        return _first_problem(value, depth)
    return None


def _first_problem(parts: Sequence[object], depth: int) -> tuple[str, str] | None:
    problems = (_json_problem(part, depth + 1) for part in parts)
    return next((problem for problem in problems if problem is not None), None)
