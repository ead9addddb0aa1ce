"""Plans and looks as JSON. Docstrings and help texts are published."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from experiments.api.serializers.comparisons import ComparisonSerializer
from experiments.api.serializers.figures import CountField, FiguresSerializer
from experiments.models import PrimaryMetric
from experiments.results.looks.standing import LookTaken
from experiments.statistics.planned import NoLook

MISSED_CHOICES = [
    (NoLook.NO_VISITORS.value, "a variant had no visitors whose span had closed"),
    (NoLook.TOO_FEW_VISITORS.value, "a variant had fewer than 100 of them"),
    (NoLook.TOO_FEW_OUTCOMES.value, "fewer than 25 had left a lead, or fewer than 25 had not"),
    (NoLook.NOTHING_NEW.value, "none had been added since the look before"),
]


class StandingSerializer(FiguresSerializer):
    """The plan, and how far the experiment is."""

    primary_metric = serializers.ChoiceField(source="plan.metric", choices=PrimaryMetric.choices)
    lift = serializers.FloatField(source="plan.lift", help_text="To detect, 0.2 for +20%.")
    value = serializers.FloatField(
        source="plan.value", help_text="Of the metric, as it was measured or expected."
    )
    weekly = serializers.FloatField(
        source="plan.weekly", help_text="Visitors a week who take part, as it was planned."
    )
    visitors_per_variant = CountField(
        source="plan.visitors", help_text="Of the variant with the least weight."
    )
    weeks = CountField(
        source="plan.weeks", allow_null=True, help_text="Whole ones; null in over ten years."
    )
    looks = CountField(source="plan.looks", help_text="At most; 0 for the watched design.")
    started_at = serializers.DateTimeField(source="plan.started_at")
    visitors_counted = CountField(
        source="closed",
        help_text="Whose span has closed, of the variant with the fewest: the progress.",
    )


class NextLookSerializer(FiguresSerializer):
    """The look that comes."""

    number = serializers.IntegerField(min_value=1)
    due_at = serializers.DateTimeField()
    is_last = serializers.BooleanField()


class LookComparisonSerializer(FiguresSerializer):
    """A treatment against the control at a look."""

    id = serializers.UUIDField(source="variant.id", help_text="The treatment's.")
    name = serializers.CharField(source="variant.name")
    visitors = CountField(source="comparison.treatment.visitors")
    control_visitors = CountField(source="comparison.control.visitors")
    statistic = serializers.FloatField(
        allow_null=True, help_text="The difference in standard errors; null: nothing to test."
    )
    against_control = ComparisonSerializer(
        source="comparison",
        help_text="Its intervals are repeated ones, which hold the truth at "
        "all looks together in 95% of experiments; its p-value is that of all looks so far.",
    )


class LookSerializer(FiguresSerializer):
    """A look at a planned experiment: taken once, kept, and never taken again. It is of the
    visitors whose span had closed when it was due."""

    number = serializers.IntegerField(source="look.number", min_value=1)
    due_at = serializers.DateTimeField(source="look.due_at")
    taken_at = serializers.DateTimeField(source="look.taken_at")
    fraction = serializers.FloatField(
        source="look.fraction",
        help_text="Of the planned visitors, those of the smallest variant that were counted.",
    )
    is_last = serializers.BooleanField(source="look.is_last")
    missed = serializers.SerializerMethodField(help_text="Why it has no figures; null if it has.")
    bound = serializers.FloatField(
        source="look.bound",
        allow_null=True,
        help_text="On every statistic, either side; null of a look without figures.",
    )
    is_futile = serializers.BooleanField(
        source="look.is_futile",
        allow_null=True,
        help_text="Whether the last look would hardly decide anything even if the planned lift "
        "were true; null where that can't be said.",
    )
    treatments = LookComparisonSerializer(many=True)

    @extend_schema_field(serializers.ChoiceField(choices=MISSED_CHOICES, allow_null=True))
    def get_missed(self, taken: LookTaken) -> str | None:
        return taken.look.missed or None
