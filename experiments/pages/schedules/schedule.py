"""The form of a schedule. Times are typed and shown on the clock of the workspace."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments import lifecycle, limits
from experiments.access import experiment_for
from experiments.lifecycle import OnConflict, Schedule
from experiments.models import Experiment
from experiments.pages.browse import SECTION
from glozr.errors import Conflict, FieldError, Invalid, OutOfDate
from glozr.zones import zone

_FIELD_OF = {"ends.at": "ends_at", "ends.visitors": "ends_at_visitors"}
ENDING_NUMBER = f"Give a number from 1 to {limits.MAX_ENDS_AT_VISITORS:,}."
NOT_STARTED = "Don't start this one; its history says so"


class MomentField(forms.DateTimeField):
    """A minute on the clock that is in force (`timezone.override`)."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    default_error_messages = {"invalid": "Give a day and a time, as in 2026-11-30T09:00."}


class ScheduleForm(forms.Form):
    use_required_attribute = False

    starts_at = MomentField(label="Starts", required=False)
    on_conflict = forms.ChoiceField(
        label="If another experiment runs then",
        required=False,
        choices=[
            (OnConflict.STOP_CURRENT.value, "Stop that one"),
            (OnConflict.KEEP_RUNNING.value, "Keep it running for the visitors that it has"),
            ("", NOT_STARTED),
        ],
    )
    ends_at = MomentField(label="Ends", required=False)
    ends_at_visitors = forms.IntegerField(
        label="Ends as soon as a variant has so many visitors",
        required=False,
        min_value=1,
        max_value=limits.MAX_ENDS_AT_VISITORS,
        error_messages=dict.fromkeys(("min_value", "max_value", "invalid"), ENDING_NUMBER),
        help_text="Everyone who was assigned to it counts. With uneven weights the heaviest "
        "variant is there first.",
    )
    ends_when_decided = forms.BooleanField(
        label="Ends when the primary metric is decided", required=False
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None, *, experiment: Experiment) -> None:
        self.stored = lifecycle.schedule_of(experiment) or Schedule()
        initial = {field: getattr(self.stored, field) for field in Schedule.__dataclass_fields__}
        if not self.stored.starts_at:
            initial["on_conflict"] = OnConflict.STOP_CURRENT.value
        super().__init__(data, initial={**initial, "seen_version": experiment.version})
        if experiment.is_running:
            del self.fields["starts_at"], self.fields["on_conflict"]

    def schedule(self) -> Schedule:
        typed = self.cleaned_data
        starts_at = self._moment("starts_at")
        choice = typed.get("on_conflict")
        return Schedule(
            starts_at=starts_at,
            on_conflict=OnConflict(choice) if choice and starts_at else None,
            ends_at=self._moment("ends_at"),
            ends_at_visitors=typed["ends_at_visitors"],
            ends_when_decided=typed["ends_when_decided"],
        )

    def _moment(self, field: str) -> Any:
        """What is shown has no seconds: left alone, it stays to the microsecond."""
        stored, typed = getattr(self.stored, field), self.cleaned_data.get(field)
        if stored is None or typed is None:
            return typed
        return stored if stored.replace(second=0, microsecond=0) == typed else typed


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_schedule(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    with timezone.override(zone(experiment.agent.workspace.time_zone)):
        form = ScheduleForm(frame.posted(request), experiment=experiment)
        if form.is_bound and "remove" in request.POST:
            form.full_clean()
            return _set(request, experiment, Schedule(), form)
        if form.is_valid():
            return _set(request, experiment, form.schedule(), form)
        return _form_page(request, experiment, form)


def _set(
    request: PageRequest, experiment: Experiment, schedule: Schedule, form: ScheduleForm
) -> HttpResponse:
    seen = form.cleaned_data.get("seen_version")
    try:
        lifecycle.set_schedule(
            experiment, schedule, by=request.user, seen_version=-1 if seen is None else seen
        )
    except Invalid as invalid:
        frame.add_errors(form, Invalid([_at_its_field(error) for error in invalid.errors]))
        return _form_page(request, experiment, form)
    except (OutOfDate, Conflict) as refused:
        form.add_error(None, refused.detail)
        return _form_page(request, experiment, form)
    said = "no longer has a schedule" if schedule == Schedule() else "is scheduled"
    messages.success(request, f"{experiment} {said}.")
    return redirect(experiment)


def _form_page(request: PageRequest, experiment: Experiment, form: ScheduleForm) -> HttpResponse:
    return frame.agent_page(
        request,
        experiment.agent,
        "experiments/schedules/experiment_schedule.html",
        {"experiment": experiment, "form": form, "is_scheduled": form.stored != Schedule()},
        section=SECTION,
    )


def _at_its_field(error: FieldError) -> FieldError:
    return FieldError(_FIELD_OF.get(error.field, error.field), error.code, error.detail)
