"""What a call to action and a trigger are usually made of, as fields of a form.

A config is any object of the customer's own. Of its keys these are typed into fields; whatever else
it holds, and a value that no field can hold, stays in the JSON beside them as it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django import forms

from experiments.models import Kind
from experiments.pages.typed.setup import NUMBER_TYPED, FreeTextField, TypedField

LEADS_SOMEWHERE = ("https://", "http://", "/", "mailto:", "tel:")
YES_OR_NO = (("", "No"), ("yes", "Yes"))


@dataclass(frozen=True, slots=True)
class ConfigPart:
    """A key of a config and how a person writes its value.

    `read` raises ValueError with a sentence; `write` gives None for what the field can't hold.
    """

    key: str
    label: str
    read: Callable[[str], object]
    write: Callable[[object], str | None]

    @property
    def field(self) -> str:
        return f"part_{self.key}"


def _text(value: object) -> str | None:
    is_line = isinstance(value, str) and value == " ".join(value.splitlines()).strip()
    return value if is_line and isinstance(value, str) and value else None


def _link(typed: str) -> str:
    if not typed.lower().startswith(LEADS_SOMEWHERE) or any(map(str.isspace, typed)):
        raise ValueError("Begin with https://, with / for a page of the site, mailto: or tel:.")
    return typed


def _number(most: float) -> Callable[[str], object]:
    def read(typed: str) -> object:
        value = float(typed) if NUMBER_TYPED.fullmatch(typed) else -1.0
        if not 0 <= value <= most:
            raise ValueError(f"Give a number from 0 to {most:,.0f}.")
        return int(value) if value.is_integer() else value

    return read


def _number_written(value: object) -> str | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value}" if is_number and NUMBER_TYPED.fullmatch(f"{value}") else None


PARTS: Mapping[str, Sequence[ConfigPart]] = {
    Kind.PERSONA.value: (),
    Kind.CTA.value: (
        ConfigPart("text", "What it says", str, _text),
        ConfigPart("button", "On the button", str, _text),
        ConfigPart("link", "Where it leads", _link, _text),
    ),
    Kind.TRIGGER.value: (
        ConfigPart("after_seconds", "Seconds on the page", _number(86_400), _number_written),
        ConfigPart("scroll_percent", "Percent of the page scrolled", _number(100), _number_written),
        ConfigPart("page", "Address of the page begins with", str, _text),
        ConfigPart(
            "on_leaving",
            "When about to leave",
            lambda typed: True,
            lambda value: "yes" if value is True else None,
        ),
    ),
}
EXAMPLES = {
    "text": "Get 10% off your first trip",
    "button": "Book now",
    "link": "https://shop.example/offers",
    "after_seconds": "10",
    "scroll_percent": "60",
    "page": "/pricing",
}


def parts_of(kind: str) -> Sequence[ConfigPart]:
    return PARTS.get(kind, ())


def in_parts(config: object, kind: str) -> tuple[dict[str, str], object]:
    """What of `config` the fields hold, by field, and the rest of it."""
    if not isinstance(config, Mapping):
        return {}, config
    rest, typed = dict(config), {}
    for part in parts_of(kind):
        written = part.write(rest.get(part.key))
        if written is not None and _reads_as(part, written, rest[part.key]):
            typed[part.field] = written
            del rest[part.key]
    return typed, rest


def _reads_as(part: ConfigPart, written: str, value: object) -> bool:
    try:
        return part.read(written) == value
    except ValueError:
        return False


def lines_of(config: object, kind: str) -> tuple[list[tuple[str, str]], object]:
    """What of `config` has a label, with it, and the rest."""
    typed, rest = in_parts(config, kind)
    parts = [part for part in parts_of(kind) if part.field in typed]
    return [(part.label, typed[part.field]) for part in parts], rest


def joined(
    typed: Mapping[str, str], rest: Mapping[str, object], kind: str
) -> tuple[dict[str, object], dict[str, str]]:
    """The config that the fields and the rest make, and what is wrong with which field."""
    config, wrong = dict(rest), {}
    for part in parts_of(kind):
        text = typed[part.field].strip()
        if not text:
            continue
        if part.key in rest:
            wrong[part.field] = f"The JSON below has “{part.key}” too. Keep one of the two."
            continue
        try:
            config[part.key] = part.read(text)
        except ValueError as error:
            wrong[part.field] = str(error)
    return config, wrong


class PartFields(forms.Form):
    """The fields of every kind. A row shows those of its own and carries the others along."""

    use_required_attribute = False

    part_text = FreeTextField(required=False)
    part_button = FreeTextField(required=False)
    part_link = TypedField(required=False)
    part_after_seconds = TypedField(required=False)
    part_scroll_percent = TypedField(required=False)
    part_page = TypedField(required=False)
    part_on_leaving = TypedField(required=False, widget=forms.Select(choices=YES_OR_NO))

    def dress_parts(self, kind: str) -> None:
        for parts in PARTS.values():
            for part in parts:
                self.fields[part.field].label = part.label
        for part in parts_of(kind):
            if part.key in EXAMPLES:
                attrs = self.fields[part.field].widget.attrs
                attrs["placeholder"] = f"such as {EXAMPLES[part.key]}"
