"""Results as JSON: every figure of the page, what it counts, and when it is missing.

These serializers both write the answer and describe it to those who generate clients: their
docstrings and help texts are published.
"""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from experiments.api.serializers.comparisons import (
    AbsoluteLiftSerializer,
    ComparisonSerializer,
    IntervalSerializer,
    RelativeLiftSerializer,
    reason_field,
)
from experiments.api.serializers.figures import (
    CountField,
    EditMeanwhileSerializer,
    FiguresSerializer,
    PromptCountSerializer,
)
from experiments.api.serializers.looks import LookSerializer, NextLookSerializer, StandingSerializer
from experiments.models import Design, Status
from experiments.results.comparing import MAX_POINTS
from experiments.results.metrics import METRICS, Unit
from experiments.results.prompts import MOST_PROMPTS
from experiments.results.report import ExperimentResults
from experiments.results.timing import MOST_EDITS
from experiments.results.verdicts import SAMPLE_RATIO_ALARM, VerdictKind
from experiments.statistics import ENOUGH_VISITORS
from experiments.sums import SUMS

VERDICT_KINDS = [
    (VerdictKind.ALARM.value, "visitors are not split as the weights say: trust no figure"),
    (VerdictKind.COUNTS.value, f"a comparison needs {ENOUGH_VISITORS} visitors in each variant"),
    (VerdictKind.OPEN.value, "there are enough visitors, and no difference is shown yet"),
    (VerdictKind.DECIDED.value, "a treatment is better or worse than the control"),
    (VerdictKind.BETWEEN.value, "of a planned experiment: a verdict comes at its looks alone"),
    (VerdictKind.HARMLESS.value, "of a guardrail: no treatment is shown to be worse"),
    (VerdictKind.UNKNOWN.value, "of a guardrail: too little to say"),
    (VerdictKind.HARMFUL.value, "of a guardrail: a treatment is worse than the control"),
]
UNITS = [
    (Unit.SHARE.value, "a share of visitors, from 0 to 1"),
    (Unit.MESSAGES.value, "messages per visitor"),
    (Unit.SECONDS.value, "seconds per session"),
]
METRIC_KEYS = [(metric.key, metric.name) for metric in METRICS]


class VerdictSerializer(FiguresSerializer):
    """The answer in plain words: which is better, how sure is that, and what now?"""

    kind = serializers.ChoiceField(choices=VERDICT_KINDS)
    text = serializers.CharField(help_text="Answer, certainty and advice in one.")
    answer = serializers.CharField(help_text="Which variant is better.")
    certainty = serializers.CharField(help_text="How sure that is; empty without visitors.")
    advice = serializers.CharField(help_text="What to do now.")


class SampleRatioSerializer(FiguresSerializer):
    """Are visitors split as the weights say?"""

    p_value = serializers.FloatField(
        min_value=0,
        max_value=1,
        allow_null=True,
        help_text="Valid however often one looks, and never rises again: of experiments that split "
        "as they should, at most a share p ever shows a value this small. Null without visitors.",
    )
    is_alarm = serializers.BooleanField(
        help_text=f"True with a p_value under {SAMPLE_RATIO_ALARM}: trust no figure then."
    )


class VariantCountsSerializer(FiguresSerializer):
    """What the visitors of a variant did. Sums are over visitors, a sum of squares too: of a
    visitor with 3 messages it holds 9."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    position = serializers.IntegerField(help_text="0 for the control.")
    weight = serializers.IntegerField()
    share = serializers.FloatField(
        min_value=0,
        max_value=1,
        help_text="The fraction of new visitors that this variant gets, from 0 to 1.",
    )
    expected_visitors = serializers.FloatField(
        source="expected", help_text="How many of all visitors its share comes to."
    )
    prompts = PromptCountSerializer(
        many=True,
        help_text="Those that its conversations got, of the newest revisions of the agent at most "
        f"{MOST_PROMPTS}; the latest first.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        sums = {name: _sum_field(name, known) for name, known in SUMS.items()}
        return {**super().get_fields(), **sums}


def _sum_field(name: str, known: Mapping[str, Any]) -> serializers.Field[Any, Any, Any, Any]:
    field = serializers.FloatField if "max_digits" in known else CountField
    return field(source=f"sums.{name}", help_text=known.get("help_text"))


class VariantFiguresSerializer(FiguresSerializer):
    """A variant's value of a metric."""

    id = serializers.UUIDField(source="variant.id")
    name = serializers.CharField(source="variant.name")
    visitors = CountField(source="own.visitors")
    value = serializers.FloatField(
        source="own.value",
        allow_null=True,
        help_text="In the unit of the metric; null, with the reason nothing_measured, without "
        "visitors or, for session length, sessions.",
    )
    interval = IntervalSerializer(
        source="own.interval",
        allow_null=True,
        help_text="Of the value, 95% at every look. Null: see reason.",
    )
    reason = reason_field(
        "Why value or interval is null; null when neither is.", source="own.reason"
    )
    against_control = ComparisonSerializer(
        source="comparison", allow_null=True, help_text="Null for the control, and only for it."
    )


class CurvePointSerializer(FiguresSerializer):
    """The comparison over all visitors assigned up to the end of a day, with everything that
    they have done since."""

    day = serializers.DateField()
    control_visitors = CountField(source="comparison.control.visitors")
    visitors = CountField(source="comparison.treatment.visitors")
    absolute = AbsoluteLiftSerializer(source="comparison.absolute")
    relative = RelativeLiftSerializer(source="comparison.relative")


class CurveSerializer(FiguresSerializer):
    """How the comparison of a treatment came to be."""

    id = serializers.UUIDField(source="variant.id")
    name = serializers.CharField(source="variant.name")
    days = CurvePointSerializer(
        source="points",
        many=True,
        help_text=f"In order, the last day among them; of a long run evenly chosen, at most "
        f"{MAX_POINTS}.",
    )


class MetricResultsSerializer(FiguresSerializer):
    """Everything about one metric."""

    key = serializers.ChoiceField(source="metric.key", choices=METRIC_KEYS)
    name = serializers.CharField(source="metric.name")
    unit = serializers.ChoiceField(
        source="metric.unit", choices=UNITS, help_text="What values and absolute lifts count."
    )
    is_primary = serializers.BooleanField(
        help_text="Whether the verdict is about it. The others are corrected among themselves."
    )
    is_guardrail = serializers.BooleanField(
        source="metric.is_guardrail", help_text="Of a guardrail more is harm; it decides nothing."
    )
    verdict = VerdictSerializer()
    visitors_needed_per_variant = CountField(
        source="visitors_needed",
        allow_null=True,
        help_text="To show the planned lift with 80% power; of a planned experiment's primary "
        "metric those of its plan. Null where the control has no value or variation to plan with, "
        "or no number of visitors would do.",
    )
    days_needed = CountField(
        allow_null=True,
        help_text="Whole days from as_of until every variant has these visitors, at the pace of "
        "the last 14 days of the present run; 0 when they are there. Null when it takes no "
        "new visitors, the metric is decided, a variant that needs visitors gets none, or "
        "visitors_needed_per_variant is null.",
    )
    expected_on = serializers.DateField(
        allow_null=True,
        help_text="The day in time_zone on which that will be; null as days_needed is, or in more "
        "than ten years.",
    )
    variants = VariantFiguresSerializer(source="rows", many=True, help_text="The control first.")
    cumulative = CurveSerializer(
        source="curves", many=True, help_text="One for each treatment: all but the control."
    )


class AssignedOnDaySerializer(serializers.Serializer[Any]):
    """A day on which visitors were assigned."""

    day = serializers.DateField()
    visitors = serializers.DictField(
        child=CountField(),
        help_text="Visitors assigned on this day, by the id of their variant.",
    )


class RunSerializer(FiguresSerializer):
    """From a start to the stop after it."""

    started_at = serializers.DateTimeField()
    stopped_at = serializers.DateTimeField(allow_null=True, help_text="Null while it runs.")


class NeighbourSerializer(FiguresSerializer):
    """Another experiment of the agent that ran at the same time: their visitors are mixed."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    is_deleted = serializers.BooleanField()


class ResultsSerializer(FiguresSerializer):
    """Every figure of the results page. What can't be said is null."""

    experiment = serializers.UUIDField(source="experiment.pk", help_text="Its id.")
    status = serializers.ChoiceField(source="experiment.status", choices=Status.choices)
    as_of = serializers.DateTimeField(
        help_text="When these figures were read; of final ones, final_at."
    )
    runs = RunSerializer(many=True, help_text="In order.")
    window_days = serializers.IntegerField(
        source="experiment.window_days",
        help_text="For how many days after a visitor's assignment what they do counts, if no other "
        "experiment begins for them sooner.",
    )
    final_at = serializers.DateTimeField(
        source="timing.final_at",
        allow_null=True,
        help_text="When no figure of a stopped experiment can change any more but by leaving out, "
        "merging and erasing visitors; null until it is stopped.",
    )
    is_final = serializers.BooleanField(
        source="timing.is_final", help_text="Whether that has come."
    )
    quiet_since = serializers.DateTimeField(
        source="timing.quiet_since",
        allow_null=True,
        help_text="Since when nobody has come to an experiment that takes visitors, if for a day.",
    )
    is_complete = serializers.BooleanField(
        help_text="False while more waits to be counted than a call may wait for: ask again."
    )
    time_zone = serializers.CharField(help_text="In which days begin, such as Europe/Berlin.")
    visitors = CountField(help_text="Of all variants.")
    left_out = CountField(
        source="total.left_out",
        help_text="Visitors who count in no figure, by an id or domain that is left out.",
    )
    bots_left_out = CountField(
        source="total.bots_left_out",
        help_text="Visitors who count in no figure, as the workspace leaves out bots.",
    )
    bots = CountField(
        source="total.bots", help_text="Bots that count, by the user agents that were sent."
    )
    assistants = CountField(
        source="total.assistants",
        help_text="Assistants acting for a person, which always count.",
    )
    merged = CountField(source="total.merged", help_text="Visitors known by more than one id.")
    crossed = CountField(
        source="total.crossed", help_text="Of those, who had seen another variant as well."
    )
    planned_lift = serializers.FloatField(
        help_text="The relative lift that is looked ahead to, 0.2 for +20%."
    )
    design = serializers.ChoiceField(source="experiment.design", choices=Design.choices)
    plan = StandingSerializer(
        source="standing",
        allow_null=True,
        help_text="As it stood at the first start, and how far it is. Null where nothing told how "
        "long the experiment would take.",
    )
    looks = LookSerializer(
        source="looks_taken", many=True, help_text="Those taken at a planned experiment, in order."
    )
    next_look = NextLookSerializer(
        allow_null=True, help_text="Null without a planned look that is to come."
    )
    verdict = VerdictSerializer(source="headline", help_text="On the primary metric.")
    sample_ratio = SampleRatioSerializer()
    variants = VariantCountsSerializer(many=True, help_text="The control first.")
    metrics = MetricResultsSerializer(many=True, help_text="The primary one first.")
    days = serializers.SerializerMethodField(
        help_text="In order; a day without visitors is left out."
    )
    agent_edits = EditMeanwhileSerializer(
        many=True,
        help_text="Edits of the agent's persona or prompt while the experiment ran, in order; of "
        f"many the newest {MOST_EDITS}.",
    )
    other_experiments = NeighbourSerializer(
        source="neighbours",
        many=True,
        help_text="Those of the agent that ran at the same time, the latest started first.",
    )

    @extend_schema_field(AssignedOnDaySerializer(many=True))
    def get_days(self, results: ExperimentResults) -> list[dict[str, Any]]:
        ids = [str(variant.id) for variant in results.variants]
        return [
            {"day": day.day, "visitors": dict(zip(ids, day.visitors, strict=True))}
            for day in results.days
            if any(day.visitors)
        ]
