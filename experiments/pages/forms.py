"""What people type into the form of an experiment. `experiments.configuration` has the rules.

The form keeps what was typed as it was typed, adds and moves rows of variants, and puts every
error of the rules at the field that it is about.
"""

import re
from collections.abc import Mapping, Sequence

from django import forms
from django.http import QueryDict

from experiments import limits
from experiments.configuration import DEFAULT_WEIGHT, Setup, VariantSetup
from experiments.models import Kind
from experiments.pages.typed.setup import (
    SetupForm,
    in_the_forms_words,
    plan_sent,
    typed_plan,
    whole_number,
)
from experiments.pages.typed.variant import VariantForm, typed_variant
from glozr.errors import FieldError
from glozr.text import number_in

MAX_ROWS_READ = 2 * limits.MAX_VARIANTS
"""More rows than a person can make here; the rules refuse them all the same."""

ROW_KEY = re.compile(r"variants-(\d{1,4})-\w+", re.ASCII)
ACTION = re.compile(r"(add|remove|up|down|json|fields):?(\d{1,2})?", re.ASCII)


class ExperimentForm:
    """The set-up form with its rows, as one.

    Attributes:
        setup: name, hypothesis, kind and the version that the person has seen.
        rows: the variants, in order.
        about_variants: errors of the variants as a whole.
        focus: the id of the element that wants the focus after a change of rows.
        announcement: what a change of rows did, for who can't see it.
    """

    def __init__(self, setup: Mapping[str, str], variants: Sequence[Mapping[str, str]]) -> None:
        self.setup = SetupForm(setup)
        self.typed: dict[str, str] = {
            name: field.clean(setup.get(name)) for name, field in self.setup.fields.items()
        }
        self.about_variants: list[str] = []
        self.focus = ""
        self.announcement = ""
        self._show(variants)

    @classmethod
    def of(cls, setup: Setup, *, version: int | None = None) -> "ExperimentForm":
        """The form filled in with a set-up."""
        typed = {
            "name": setup.name,
            "hypothesis": setup.hypothesis,
            "kind": setup.kind,
            "window_days": str(setup.window_days),
            **typed_plan(setup),
        }
        return cls(
            typed | {"version": "" if version is None else str(version)},
            [typed_variant(variant, setup.kind) for variant in setup.variants],
        )

    @classmethod
    def posted(cls, data: QueryDict) -> "ExperimentForm":
        """The form as it came from the browser, whatever came."""
        setup = {field: data.get(field, "") for field in SetupForm.base_fields}
        found = (ROW_KEY.fullmatch(key) for key in data)
        indexes = sorted({int(match[1]) for match in found if match})[:MAX_ROWS_READ]
        rows = [
            {field: data.get(f"variants-{index}-{field}", "") for field in VariantForm.base_fields}
            for index in indexes
        ]
        return cls(setup, rows)

    @property
    def kind(self) -> str:
        return self.typed["kind"]

    @property
    def is_persona(self) -> bool:
        return self.kind == Kind.PERSONA

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= limits.MAX_VARIANTS

    @property
    def seen_version(self) -> int:
        """The version that the person has seen; 0, which none is, where that can't be read."""
        return number_in(self.typed["version"]) or 0

    def show_version(self, version: int) -> None:
        """From now on the person has seen `version`."""
        self.typed["version"] = str(version)
        self.setup.data = {**self.setup.data, "version": str(version)}

    def sent(self, *, names_only: bool = False) -> dict[str, object]:
        """What was typed, as `experiments.lifecycle.editing` takes it; with `names_only`, what may
        still change once it has run."""
        texts: dict[str, object] = {field: self.typed[field] for field in ("name", "hypothesis")}
        if (share := whole_number(self.typed["traffic_share"])) != "":
            texts["traffic_share"] = share
        if names_only:
            return texts
        window = whole_number(self.typed["window_days"])
        return {
            **texts,
            "kind": self.kind,
            **({} if window == "" else {"window_days": window}),
            **plan_sent(self.typed),
            "variants": [row.sent() for row in self.rows],
        }

    @property
    def carried(self) -> list[tuple[str, str]]:
        """All that was typed, for a form that opens the page of a new experiment with it."""
        return [
            ("action", "carry"),
            *((name, text) for name, text in self.typed.items() if name != "version"),
            *(
                (row.add_prefix(name), text)
                for row in self.rows
                for name, text in row.typed.items()
            ),
        ]

    # ---- errors ----

    def add_errors(self, errors: Sequence[FieldError]) -> None:
        for error in map(in_the_forms_words, errors):
            match error.field.split("."):
                case ["variants", index, *path] if index.isdigit() and int(index) < len(self.rows):
                    row = self.rows[int(index)]
                    unreadable = path[:1] == ["config"] and row.shows_json
                    found = row.problems_of_config if unreadable else {}
                    for field, problem in (found or {row.field_of(path): error.detail}).items():
                        row.add_error(field, problem)
                case [name] if name in self.setup.fields:
                    self.setup.add_error(name, error.detail)
                case _:
                    self.about_variants.append(error.detail)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Every error, with the id of the field that it is about."""
        found = _problems_of(self.setup)
        found += [("variants", f"Variants: {detail}") for detail in self.about_variants]
        for row in self.rows:
            found += [(anchor, f"{row.title}, {text}") for anchor, text in _problems_of(row)]
        return found

    # ---- rows ----

    def act(self, action: str) -> bool:
        """Change the rows as the button that was pressed says.

        False for the button that saves, which says nothing.
        """
        if (match := ACTION.fullmatch(action)) is not None:
            index = int(match[2] or 0)
            if match[1] == "add":
                self._add()
            elif index < len(self.rows):
                getattr(self, f"_{match[1]}")(index)
            self._hand_over_focus()
        return action != ""

    def _show(self, variants: Sequence[Mapping[str, str]]) -> None:
        self.rows = [
            VariantForm(typed, index=index, kind=self.kind) for index, typed in enumerate(variants)
        ]

    def _hand_over_focus(self) -> None:
        for row in self.rows:
            for name, field in row.fields.items():
                if row[name].auto_id == self.focus:
                    field.widget.attrs["autofocus"] = True

    def _add(self) -> None:
        if self.is_full:
            self.about_variants.append(f"An experiment has at most {limits.MAX_VARIANTS} variants.")
            return
        new = typed_variant(VariantSetup("", DEFAULT_WEIGHT, {}), self.kind)
        self._show([*(row.typed for row in self.rows), new])
        self.focus = f"id_variants-{len(self.rows) - 1}-name"
        self.announcement = f"Variant {len(self.rows)} added."

    def _remove(self, index: int) -> None:
        gone = self.rows[index].title
        self._show([row.typed for row in self.rows if row.index != index])
        self.focus = f"id_variants-{min(index, len(self.rows) - 1)}-name" if self.rows else "add"
        self.announcement = f"{gone} removed."

    def _up(self, index: int) -> None:
        self._move(index, max(index - 1, 0), "up")

    def _down(self, index: int) -> None:
        self._move(index, min(index + 1, len(self.rows) - 1), "down")

    def _move(self, index: int, to: int, button: str) -> None:
        typed = [row.typed for row in self.rows]
        typed.insert(to, typed.pop(index))
        self._show(typed)
        if to in (0, len(typed) - 1):  # where its own button is gone
            button = "down" if to == 0 else "up"
        self.focus = f"{button}-{to}"
        self.announcement = f"{self.rows[to].title} is now number {to + 1} of {len(typed)}."

    def _json(self, index: int) -> None:
        self._toggle(index, as_json=True)
        self.focus = f"id_variants-{index}-config"

    def _fields(self, index: int) -> None:
        if self._toggle(index, as_json=False):
            self.focus = f"id_variants-{index}-persona_name"
        else:
            self.rows[index].add_error(
                "config",
                self.rows[index].json_problem
                or "The fields hold a persona's name and tone and nothing else. "
                "Take out the rest, then change to the fields.",
            )
            self.focus = f"id_variants-{index}-config"

    def _toggle(self, index: int, *, as_json: bool) -> bool:
        typed = self.rows[index].toggled(as_json=as_json)
        if typed is not None:
            self._show([typed if row.index == index else row.typed for row in self.rows])
        return typed is not None


def _problems_of(form: forms.Form) -> list[tuple[str, str]]:
    return [
        (form[field].id_for_label or f"{form[field].auto_id}_0", f"{form[field].label}: {detail}")
        for field, details in form.errors.items()
        for detail in details
    ]
