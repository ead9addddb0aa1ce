"""What the lists of conversations and leads are narrowed to, as people say it in the address."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from agents.models import Agent, LeadStatus
from experiments.models import Experiment, Variant
from experiments.visitors import activity
from experiments.visitors.activity import FIRST_DAY, LAST_DAY, Wanted
from glozr.ids import uuid_or_none
from glozr.text import EMAIL_LENGTH


def day_field(label: str) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[
            MinValueValidator(FIRST_DAY, "Choose a day after 1999."),
            MaxValueValidator(LAST_DAY, "Choose a day before 2100."),
        ],
        error_messages={"invalid": "Write the day as in 2025-11-24."},
    )


class ActivityFilter(forms.Form):
    search = forms.CharField(
        required=False,
        max_length=EMAIL_LENGTH,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    experiment = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": "This agent has no such experiment."},
    )
    variant = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": "This agent has no such variant."},
    )
    since = day_field("From")
    until = day_field("To")
    search_label: ClassVar[str]
    search_hint: ClassVar[str]

    def __init__(self, data: Mapping[str, Any], *, agent: Agent) -> None:
        super().__init__(data)
        self.zone = ZoneInfo(agent.workspace.time_zone)
        asked = data.get("variant") or data.get("experiment") or ""
        arms = activity.arms_of(agent, including=uuid_or_none(asked))
        self.arms = {str(arm.pk): arm for arm in arms}
        self.set_choices("experiment", [("", "Any"), *_experiments(arms)])
        self.set_choices("variant", [("", "Any"), *_variants(arms)])
        self.fields["search"].label = self.search_label
        self.fields["search"].widget.attrs["placeholder"] = self.search_hint

    def set_choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first. Swap them.")
        variant = self.arms.get(values.get("variant", ""))
        experiment = values.get("experiment")
        if variant and experiment and str(variant.experiment_id) != experiment:
            self.add_error("variant", "This variant is of another experiment.")
        return values

    def wanted(self) -> Wanted:
        """What was asked for; of valid filters only. Days are those of the workspace's zone."""
        values = self.cleaned_data
        until = values["until"]
        return Wanted(
            arms=[
                arm
                for key, arm in self.arms.items()
                if key == values["variant"]
                or (not values["variant"] and str(arm.experiment_id) == values["experiment"])
            ],
            since=self.midnight(values["since"]),
            until=self.midnight(until and until + timedelta(days=1)),
            search=values["search"],
            status=values.get("status", ""),
            playground=values.get("playground", False),
        )

    def midnight(self, day: date | None) -> datetime | None:
        return datetime.combine(day, time.min, tzinfo=self.zone) if day else None

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


class ConversationFilter(ActivityFilter):
    search_label = "Visitor"
    search_hint = "Beginning of an id"
    playground = forms.BooleanField(required=False, label="Include try-outs by the team")


class LeadFilter(ActivityFilter):
    search_label = "Lead"
    search_hint = "E-mail or visitor's id"
    status = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), *LeadStatus.choices],
        error_messages={"invalid_choice": "There is no such status."},
    )


def name_of(experiment: Experiment) -> str:
    return f"{experiment.name} (deleted)" if experiment.is_deleted else experiment.name


def _experiments(arms: list[Variant]) -> list[tuple[str, str]]:
    return [(str(each.pk), name_of(each)) for each, _ in groupby(arms, _experiment)]


def _variants(arms: list[Variant]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (name_of(each), [(str(arm.pk), arm.name) for arm in group])
        for each, group in groupby(arms, _experiment)
    ]


def _experiment(arm: Variant) -> Experiment:
    return arm.experiment
