"""The configuration rules, once: forms, the API, the admin and `start` all ask here.

Input is what a client sent, of any type. What comes out is typed and obeys the rules, or is
`Invalid` with every broken one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments import limits
from experiments.models import (
    LIFT_RULE,
    LOOKS_RULE,
    NAME_TAKEN,
    SHARE_RULE,
    WEIGHT_RULE,
    WINDOW_RULE,
    Design,
    Experiment,
    Kind,
    PrimaryMetric,
)
from glozr.errors import FieldError, Invalid
from glozr.inputs.stored_json import as_stored, json_problem
from glozr.text import (
    CONTROL_CHARACTERS,
    LINE_BREAKS,
    has_control_characters,
    is_encodable,
    problem_of_line,
)

DEFAULT_WEIGHT = 50

PLAN_FIELDS = (
    "primary_metric",
    "design",
    "planned_lift",
    "most_looks",
    "expected_value",
    "expected_weekly",
)
"""Frozen at the first start. The expected figures stand in for what is not measured."""
PLAIN_FIELDS = ("name", "hypothesis", "kind", "window_days", *PLAN_FIELDS, "traffic_share")
SETUP_FIELDS = (*PLAIN_FIELDS, "variants")
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
    primary_metric: str = PrimaryMetric.LEAD_CAPTURE.value
    design: str = Design.WATCHED.value
    planned_lift: float | None = None
    most_looks: int | None = None
    expected_value: float | None = None
    expected_weekly: float | None = None
    traffic_share: int = limits.TRAFFIC_SHARE


def setup_of(experiment: Experiment) -> Setup:
    return Setup(
        **{field: getattr(experiment, field) for field in PLAIN_FIELDS},
        variants=tuple(
            VariantSetup(variant.name, variant.weight, variant.config)
            for variant in experiment.variants.all()
        ),
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
        **check.plain(sent, ("window_days", *PLAN_FIELDS, "traffic_share")),
    )
    check.design_complete(setup)
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
    setup = replace(current, **check.plain(sent, PLAIN_FIELDS))
    check.design_complete(setup)
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
    check.plain({field: getattr(setup, field) for field in PLAIN_FIELDS}, PLAIN_FIELDS)
    check.design_complete(setup)
    check.variants(_as_sent(setup.variants), setup.kind)
    check.raise_if_broken()


def alike(setup: Setup) -> tuple[str, str] | None:
    """The names of two variants that give visitors the same, so that nothing is compared."""
    seen: list[VariantSetup] = []
    for variant in setup.variants:
        for other in seen:
            if other.config == variant.config:
                return other.name, variant.name
        seen.append(variant)
    return None


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

    def plain(self, sent: Mapping[str, object], fields: Sequence[str]) -> dict[str, Any]:
        """What was sent of these fields, each read by the method of its name."""
        return {field: getattr(self, field)(sent[field]) for field in fields if field in sent}

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
        return self.choice("kind", value, Kind.values)

    def primary_metric(self, value: object) -> str:
        return self.choice("primary_metric", value, PrimaryMetric.values)

    def design(self, value: object) -> str:
        return self.choice("design", value, Design.values)

    def choice(self, field: str, value: object, choices: Sequence[str]) -> str:
        if isinstance(value, str) and value in choices:
            return value
        code = "required" if value is None else "invalid_choice"
        self.broken(field, code, f"Choose one of {', '.join(choices)}.")
        return ""

    def planned_lift(self, value: object) -> float | None:
        least, most = limits.MIN_PLANNED_LIFT, limits.MAX_PLANNED_LIFT
        return self.number("planned_lift", value, least, most, LIFT_RULE)

    def most_looks(self, value: object) -> int | None:
        if value is None:
            return None
        return self.whole("most_looks", value, 1, limits.MAX_LOOKS, LOOKS_RULE)

    def traffic_share(self, value: object) -> int:
        return self.whole("traffic_share", value, 1, limits.TRAFFIC_SHARE, SHARE_RULE)

    def expected_value(self, value: object) -> float | None:
        rule = f"Expect a value from {limits.MIN_EXPECTED} to {limits.MAX_EXPECTED_AVERAGE:,}."
        most = limits.MAX_EXPECTED_AVERAGE
        return self.number("expected_value", value, limits.MIN_EXPECTED, most, rule)

    def expected_weekly(self, value: object) -> float | None:
        rule = "Expect at least 1 visitor a week."
        return self.number("expected_weekly", value, 1, limits.MAX_EXPECTED_WEEKLY, rule)

    def design_complete(self, setup: Setup) -> None:
        """What one field asks of another."""
        if setup.design == Design.PLANNED:
            wanted = {"planned_lift": "a lift to detect", "most_looks": "a number of looks"}
            broken = {error.field for error in self.errors}
            for field, what in wanted.items():
                if getattr(setup, field) is None and field not in broken:
                    self.broken(field, "required", f"A planned experiment needs {what}.")
        is_share = setup.primary_metric and PrimaryMetric(setup.primary_metric).is_share
        if is_share and (setup.expected_value or 0) > limits.MAX_EXPECTED_SHARE:
            rule = f"Expect a share of visitors, from {limits.MIN_EXPECTED} to "
            self.broken("expected_value", "out_of_range", f"{rule}{limits.MAX_EXPECTED_SHARE}.")

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

    def number(
        self, field: str, value: object, least: float, most: float, rule: str
    ) -> float | None:
        """None for a number that was left out."""
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.broken(field, "not_a_number", rule)
        elif not least <= value <= most:
            self.broken(field, "out_of_range", rule)
        else:
            return float(value)
        return None

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
        if (problem := json_problem(config, limits.MAX_CONFIG_DEPTH)) is not None:
            self.broken(field, *problem)
            return config
        stored = {key: as_stored(value) for key, value in config.items()}
        if len(json.dumps(stored, ensure_ascii=False).encode()) > limits.MAX_CONFIG_BYTES:
            self.broken(
                field, "too_large", f"A config has at most {limits.MAX_CONFIG_BYTES // 1024} KiB."
            )
        return stored
