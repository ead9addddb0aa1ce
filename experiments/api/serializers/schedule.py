"""When an experiment starts and ends by itself, in JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from experiments import limits
from experiments.lifecycle import OnConflict, Schedule
from glozr.inputs.serializer_fields import (
    BooleanField,
    InstantField,
    StrictSerializer,
    WholeNumberField,
)

CHOICES = [choice.value for choice in OnConflict]
STARTS_AT = "When it starts automatically; null: only by hand. At least 10 minutes ahead."
ON_CONFLICT = (
    "What becomes then of another one that runs. Null: it is not started if another one runs, and "
    "the history says so."
)
ENDS_AT = (
    "From this moment on nobody is assigned to it, and it is stopped. At least 10 minutes ahead."
)
ENDING_VISITORS = "It is stopped as soon as one of its variants has so many visitors."
WHEN_DECIDED = "It is stopped once the results say that the primary metric is decided."


class EndsCallSerializer(StrictSerializer):
    at = InstantField(required=False, allow_null=True, help_text=ENDS_AT)
    visitors = WholeNumberField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=limits.MAX_ENDS_AT_VISITORS,
        help_text=ENDING_VISITORS,
    )
    when_decided = BooleanField(required=False, help_text=WHEN_DECIDED)


class ScheduleCallSerializer(StrictSerializer):
    starts_at = InstantField(required=False, allow_null=True, help_text=STARTS_AT)
    on_conflict = serializers.ChoiceField(
        choices=CHOICES, required=False, allow_null=True, help_text=ON_CONFLICT
    )
    ends = EndsCallSerializer(
        required=False, allow_null=True, help_text="Whichever of these comes first."
    )


def schedule_sent(sent: Any) -> Schedule:
    """The schedule in a checked body."""
    ends = sent.get("ends") or {}
    choice = sent.get("on_conflict")
    return Schedule(
        starts_at=sent.get("starts_at"),
        on_conflict=OnConflict(choice) if choice else None,
        ends_at=ends.get("at"),
        ends_at_visitors=ends.get("visitors"),
        ends_when_decided=ends.get("when_decided", False),
    )


@extend_schema_serializer(component_name="Ends")
class EndsSerializer(serializers.Serializer[Schedule]):
    at = serializers.DateTimeField(source="ends_at", allow_null=True, help_text=ENDS_AT)
    visitors = serializers.IntegerField(
        source="ends_at_visitors", allow_null=True, help_text=ENDING_VISITORS
    )
    when_decided = serializers.BooleanField(source="ends_when_decided", help_text=WHEN_DECIDED)


@extend_schema_serializer(component_name="Schedule")
class ScheduleSerializer(serializers.Serializer[Schedule]):
    starts_at = serializers.DateTimeField(allow_null=True, help_text=STARTS_AT)
    on_conflict = serializers.ChoiceField(choices=CHOICES, allow_null=True, help_text=ON_CONFLICT)
    ends = EndsSerializer(source="*", help_text="Whichever of these comes first.")
