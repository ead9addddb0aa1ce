"""A treatment against the control, as JSON. Docstrings and help texts are published."""

from rest_framework import serializers

from experiments.api.serializers.figures import FiguresSerializer
from experiments.statistics import ENOUGH_VISITORS, Reason

REASON_CHOICES = [
    (Reason.NOTHING_MEASURED.value, "a variant has no visitors, or none with a session"),
    (Reason.TOO_FEW_VISITORS.value, "a variant has too few visitors to say"),
    (Reason.NO_VARIATION.value, "all visitors did the same, so the uncertainty is unknown"),
    (Reason.CONTROL_TOO_CLOSE_TO_ZERO.value, "the control is zero, which nothing divides by"),
    (Reason.TOO_UNCERTAIN.value, "visitors vary too much yet for a lift in percent"),
    (Reason.BETWEEN_LOOKS.value, "a planned experiment says how sure it is at its looks alone"),
]


def reason_field(help_text: str, source: str | None = None) -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=REASON_CHOICES, allow_null=True, help_text=help_text, source=source
    )


class IntervalSerializer(FiguresSerializer):
    """From `lower` to `upper`, in the unit of the metric."""

    lower = serializers.FloatField()
    upper = serializers.FloatField()


class RelativeIntervalSerializer(FiguresSerializer):
    """From `lower` to `upper`, relative to the control: 0.2 is +20%."""

    lower = serializers.FloatField()
    upper = serializers.FloatField(
        allow_null=True,
        help_text="Null is without bound: see the lift's reason.",
    )


class AbsoluteLiftSerializer(FiguresSerializer):
    """Treatment minus control, in the unit of the metric: a share of 0.02 is 2 percentage
    points."""

    value = serializers.FloatField(
        allow_null=True, help_text="The difference seen; null while a variant has no value."
    )
    interval = IntervalSerializer(
        allow_null=True,
        help_text="Holds the truth at every look in 95% of experiments, for all treatments at "
        "once. Null: see reason.",
    )
    reason = reason_field("Why value or interval is null; null when neither is.")


class RelativeLiftSerializer(FiguresSerializer):
    """Treatment against control, relative to the control: 0.2 is +20%."""

    value = serializers.FloatField(
        allow_null=True,
        help_text="The lift seen; null while a variant has no value, or the control's is 0.",
    )
    interval = RelativeIntervalSerializer(
        allow_null=True,
        help_text="Holds the truth at every look in 95% of experiments, for all treatments at "
        "once. Null: see reason.",
    )
    reason = reason_field("Why value, interval or its upper end is null; null when none is.")


class FixedHorizonSerializer(FiguresSerializer):
    """Welch's test, valid at one look that was planned beforehand. For reference; it decides
    nothing."""

    p_value = serializers.FloatField(min_value=0, max_value=1)
    interval = IntervalSerializer(help_text="95%, of the absolute difference.")


class ComparisonSerializer(FiguresSerializer):
    """A treatment against the control."""

    absolute = AbsoluteLiftSerializer()
    relative = RelativeLiftSerializer()
    p_value = serializers.FloatField(
        min_value=0,
        max_value=1,
        allow_null=True,
        help_text="Valid at every look; null while nothing can be tested: see reason.",
    )
    adjusted_p_value = serializers.FloatField(
        min_value=0,
        max_value=1,
        allow_null=True,
        help_text="The p_value corrected for the number of treatments, and of secondary metrics "
        "(Holm); null as p_value is.",
    )
    fixed_horizon = FixedHorizonSerializer(
        source="fixed",
        allow_null=True,
        help_text="Null while a variant has fewer than 2 visitors, or nothing varies.",
    )
    is_decided = serializers.BooleanField(
        source="decided",
        help_text=f"Under 0.05, adjusted, with at least {ENOUGH_VISITORS} visitors in both "
        "variants; of a planned experiment's primary metric, at a look.",
    )
    direction = serializers.IntegerField(
        min_value=-1,
        max_value=1,
        help_text="Once decided, 1 when the treatment is higher and -1 when it is lower; else 0.",
    )
    reason = reason_field(
        "Why nothing can be decided: nothing to test, or too few visitors; null once it can be."
    )
