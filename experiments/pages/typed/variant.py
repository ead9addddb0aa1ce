"""One variant as people type it: a row of the form of an experiment."""

from collections.abc import Mapping, Sequence

from django import forms

from experiments import limits
from experiments.configuration import VariantSetup
from experiments.models import Kind
from experiments.pages.typed.parts import PartFields, in_parts, joined, parts_of
from experiments.pages.typed.setup import FreeTextField, TypedField, whole_number
from experiments.pages.typed_json import persona_in_fields, read_json, written_json


class VariantForm(PartFields):
    """A row. Its config comes from the persona's two fields, or from the JSON: whichever of
    them is shown. The other is carried along hidden, so that nothing typed is lost."""

    name = FreeTextField()
    weight = TypedField(
        widget=forms.TextInput(attrs={"inputmode": "numeric", "data-whole": str(limits.MAX_WEIGHT)})
    )
    as_json = TypedField(required=False, widget=forms.HiddenInput)
    persona_name = FreeTextField(required=False, label="Persona name")
    persona_tone = FreeTextField(
        required=False, label="Tone", widget=forms.Textarea(attrs={"rows": 2})
    )
    config = TypedField(
        required=False,
        label="Config (JSON)",
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, typed: Mapping[str, str], *, index: int, kind: str) -> None:
        prefix = f"variants-{index}"
        super().__init__({f"{prefix}-{key}": value for key, value in typed.items()}, prefix=prefix)
        self.index = index
        self.kind = kind
        self.is_persona = kind == Kind.PERSONA
        self.dress_parts(kind)
        if not self.is_persona:
            self.fields["config"].label = "Anything else (JSON)"
            self.fields["config"].widget.attrs["rows"] = 3
        self.typed = {field: self.fields[field].clean(typed.get(field)) for field in self.fields}
        self.json, self.json_problem = read_json(self.typed["config"])
        self.whole = self.json
        self.wrong_parts: dict[str, str] = {}
        if isinstance(self.json, Mapping):
            self.whole, self.wrong_parts = joined(self.typed, self.json, kind)

    @property
    def number(self) -> str:
        return str(self.index)

    @property
    def shows_json(self) -> bool:
        return not self.is_persona or bool(self.typed["as_json"])

    @property
    def title(self) -> str:
        return self.typed["name"].strip() or f"Variant {self.index + 1}"

    @property
    def config_sent(self) -> object:
        """The config as the rules read it: what can't be read stays text."""
        if self.shows_json:
            return self.typed["config"] if self.problems_of_config else self.whole
        persona = {key: self.typed[f"persona_{key}"].strip() for key in limits.PERSONA_LIMITS}
        return {"persona": {key: text for key, text in persona.items() if text}}

    @property
    def problems_of_config(self) -> dict[str, str]:
        """What can't be read of it, by field."""
        return {"config": self.json_problem} if self.json_problem else self.wrong_parts

    @property
    def part_fields(self) -> list[forms.BoundField]:
        return [self[part.field] for part in parts_of(self.kind)]

    @property
    def hidden_parts(self) -> list[forms.BoundField]:
        shown = {part.field for part in parts_of(self.kind)}
        return [self[name] for name in PartFields.base_fields if name not in shown]

    @property
    def weight_sent(self) -> int | str:
        return whole_number(self.typed["weight"])

    def sent(self) -> dict[str, object]:
        return {"name": self.typed["name"], "weight": self.weight_sent, "config": self.config_sent}

    def field_of(self, path: Sequence[str]) -> str:
        """The field that is about `path` within a variant, such as config, persona, tone."""
        match list(path):
            case ["name" | "weight" as field]:
                return field
            case ["config", "persona", "name" | "tone" as key] if not self.shows_json:
                return f"persona_{key}"
            case ["config", *_] if not self.shows_json:
                return "persona_name"
        return "config"

    def toggled(self, *, as_json: bool) -> dict[str, str] | None:
        """What was typed, shown as JSON or as fields; None where the fields can't hold it."""
        if as_json:
            return self.typed | {"as_json": "1", "config": written_json(self.config_sent)}
        persona = persona_in_fields(self.json)
        if persona is None:
            return None
        return self.typed | {"as_json": ""} | persona


def typed_variant(variant: VariantSetup, kind: str) -> dict[str, str]:
    """What a row shows of a variant that is stored."""
    persona = persona_in_fields(variant.config) if kind == Kind.PERSONA else None
    parts, rest = in_parts(variant.config, kind)
    is_json = persona is None
    return {
        "name": variant.name,
        "weight": str(variant.weight),
        "as_json": "1" if is_json and kind == Kind.PERSONA else "",
        "config": written_json(rest) if is_json else "{}",
        **parts,
        **(persona or {}),
    }
