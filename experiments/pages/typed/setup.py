"""The fields of a set-up but its variants. Shares are typed in percent."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django import forms

from experiments import limits
from experiments.configuration import Setup
from experiments.models import Design, Kind, PrimaryMetric
from glozr.errors import FieldError
from glozr.text import number_in

KINDS = (
    (Kind.PERSONA.value, "Persona: each variant has its own name and tone"),
    (Kind.CTA.value, "CTA: calls to action; measured only, the agent talks as before"),
    (Kind.TRIGGER.value, "Trigger: what opens a chat; measured only, the agent talks as before"),
)
DESIGNS = (
    (
        Design.WATCHED.value,
        "Watched: look whenever you like, and act on what you see",
    ),
    (
        Design.PLANNED.value,
        "Planned: a verdict at a few looks alone, for about half of the visitors",
    ),
)
NUMERIC: Final = {"inputmode": "decimal", "class": "input-small"}
NUMBER_TYPED = re.compile(r"[+-]?\d{1,12}(\.\d{1,12})?", re.ASCII)
PERCENT_RULES = {
    "planned_lift": "Give a lift from "
    f"{limits.MIN_PLANNED_LIFT * 100:g} to {limits.MAX_PLANNED_LIFT * 100:,.0f} percent.",
    "expected_value": "Give a share from "
    f"{limits.MIN_EXPECTED * 100:g} to {limits.MAX_EXPECTED_SHARE * 100:g} percent, or an average "
    f"up to {limits.MAX_EXPECTED_AVERAGE:,}.",
}


class TypedField(forms.CharField):
    """Text as it was typed: nothing is refused here, so that the rules say it all."""

    def clean(self, value: Any) -> str:
        return str(value or "").replace("\r\n", "\n")


class FreeTextField(TypedField):
    """What people write in words of their own: it runs the way that its script does."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "dir": "auto"}


class SetupForm(forms.Form):
    use_required_attribute = False

    name = FreeTextField(
        help_text="Seen in the dashboard only. Unique among this agent's experiments."
    )
    hypothesis = FreeTextField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you expect and why, so that the results can prove you wrong.",
    )
    kind = TypedField(widget=forms.RadioSelect(choices=KINDS))
    window_days = TypedField(
        label="Days that count",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "input-small"}),
        help_text="What a visitor does in so many days from the first message is measured: "
        f"{limits.MIN_WINDOW_DAYS} to {limits.MAX_WINDOW_DAYS}.",
    )
    primary_metric = TypedField(
        label="Primary metric",
        widget=forms.Select(choices=PrimaryMetric.choices),
        help_text="What the verdict is about.",
    )
    design = TypedField(widget=forms.RadioSelect(choices=DESIGNS))
    planned_lift = TypedField(
        label="Lift to detect, in percent",
        required=False,
        widget=forms.TextInput(attrs=NUMERIC),
        help_text="Of a planned experiment. The smaller it is, the more visitors it takes.",
    )
    most_looks = TypedField(
        label="Looks at most",
        required=False,
        widget=forms.TextInput(attrs=NUMERIC),
        help_text=f"Of a planned experiment: 1 to {limits.MAX_LOOKS}, each at the end of a week.",
    )
    traffic_share = TypedField(
        label="Share of traffic, in percent",
        widget=forms.TextInput(attrs=NUMERIC),
        help_text="So many of 100 new visitors take part. Once started it may only be raised.",
    )
    expected_value = TypedField(
        label="Value to plan by",
        required=False,
        widget=forms.TextInput(attrs=NUMERIC),
        help_text="Of the primary metric: percent of visitors, or an average. Empty: as measured "
        "in the last eight weeks.",
    )
    expected_weekly = TypedField(
        label="Visitors a week to plan by",
        required=False,
        widget=forms.TextInput(attrs=NUMERIC),
        help_text="Empty: as measured.",
    )
    version = TypedField(required=False, widget=forms.HiddenInput)


def typed_plan(setup: Setup) -> dict[str, str]:
    """How a set-up is planned, as it is typed; what a planned one needs is proposed to others."""
    value = setup.expected_value
    return {
        "primary_metric": setup.primary_metric,
        "design": setup.design,
        "planned_lift": f"{(setup.planned_lift or limits.USUAL_LIFT) * 100:g}",
        "most_looks": str(setup.most_looks or limits.USUAL_LOOKS),
        "traffic_share": str(setup.traffic_share),
        "expected_value": "" if value is None else f"{value * _scale(setup.primary_metric):g}",
        "expected_weekly": "" if setup.expected_weekly is None else f"{setup.expected_weekly:g}",
    }


def plan_sent(typed: Mapping[str, str]) -> dict[str, object]:
    """What was typed of a plan, as the rules read it; a share of traffic apart."""
    sent: dict[str, object] = {
        field: typed[field] for field in ("primary_metric", "design") if typed[field]
    }
    if typed["design"] == Design.PLANNED:
        sent["planned_lift"] = _number(typed["planned_lift"], 100)
        sent["most_looks"] = whole_number(typed["most_looks"]) or None
    elif typed["design"]:
        sent |= {"planned_lift": None, "most_looks": None}
    if typed["design"]:
        scale = _scale(typed["primary_metric"])
        sent["expected_value"] = _number(typed["expected_value"], scale)
        sent["expected_weekly"] = _number(typed["expected_weekly"], 1)
    return sent


def in_the_forms_words(error: FieldError) -> FieldError:
    """A broken rule, said of percents where those are typed."""
    if error.field in PERCENT_RULES and error.code in ("out_of_range", "not_a_number"):
        return replace(error, detail=PERCENT_RULES[error.field])
    return error


def whole_number(text: str) -> int | str:
    """A number where plain digits were typed; anything else is left to the rules."""
    number = number_in(text.strip())
    return text.strip() if number is None else number


def _number(text: str, scale: int) -> float | str | None:
    """None where nothing was typed; what is no number is left to the rules."""
    number = text.strip().replace(",", "").removesuffix("%").strip()
    if not number:
        return None
    return float(number) / scale if NUMBER_TYPED.fullmatch(number) else text


def _scale(metric: str) -> int:
    """One that was left out is the usual one."""
    known = PrimaryMetric(metric) if metric in PrimaryMetric.values else PrimaryMetric.LEAD_CAPTURE
    return 100 if known.is_share else 1
