"""The shapes of the API's JSON. No rules: those are the services'."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers

from agents import limits as agent_limits
from agents.models import LeadStatus, MessageRole
from experiments import limits
from experiments.api.serializers.schedule import ScheduleSerializer
from experiments.lifecycle import OnConflict, schedule_of
from experiments.models import Design, Experiment, Kind, Outcome, PrimaryMetric, Status, Variant
from glozr.inputs.serializer_fields import (
    BooleanField,
    ChoiceField,
    EmailField,
    PastField,
    StrictSerializer,
    TextField,
    UuidField,
)

VISITOR = "Your own name for the visitor; compared byte for byte."
PLAYGROUND = "True for a try-out by your own people: it gets no variant and never counts."

PREVIEW = (
    "The code of a preview link, in a conversation's first call: it answers with the link's "
    "variant, is a playground one, and its source is `preview`."
)
PREVIEW_CODE = 300
SOURCES = ["conversation", "visitor", "new", "none", "preview"]


USER_AGENT = (
    "Of the visitor's browser (not of your server), with the call that begins a conversation; "
    "later it changes nothing. Bots can be left out of the figures by it. An assistant that acts "
    "for a person is no bot: it counts, and results say how many there were. Kept is which of the "
    f"three it is, not the text; what follows {agent_limits.USER_AGENT_READ:,} characters is not "
    "looked at."
)


class AssignmentCallSerializer(StrictSerializer):
    visitor_id = TextField(max_length=agent_limits.VISITOR_ID, help_text=VISITOR)
    conversation_id = UuidField(required=False, help_text="Left out, a new one is made.")
    playground = BooleanField(required=False, help_text=PLAYGROUND)
    preview = TextField(max_length=PREVIEW_CODE, required=False, help_text=PREVIEW)
    user_agent = TextField(required=False, allow_blank=True, help_text=USER_AGENT)


class MessageCallSerializer(StrictSerializer):
    visitor_id = TextField(max_length=agent_limits.VISITOR_ID, help_text=VISITOR)
    role = ChoiceField(choices=MessageRole.choices)
    content = TextField(max_length=agent_limits.MESSAGE, free=True)
    id = UuidField(
        required=False,
        help_text="Choose one to send the message again safely; left out, one is made.",
    )
    sent_at = PastField(
        required=False,
        help_text="At most 5 minutes ahead and 7 days back; left out, it is now.",
    )
    playground = BooleanField(required=False, help_text=PLAYGROUND)
    preview = TextField(max_length=PREVIEW_CODE, required=False, help_text=PREVIEW)
    user_agent = TextField(required=False, allow_blank=True, help_text=USER_AGENT)


class LeadCallSerializer(StrictSerializer):
    visitor_id = TextField(max_length=agent_limits.VISITOR_ID, help_text=VISITOR)
    email = EmailField()
    conversation_id = UuidField(required=False, help_text="Where the visitor left it, if in one.")
    name = TextField(max_length=agent_limits.LEAD_NAME, required=False, allow_blank=True)
    phone = TextField(max_length=agent_limits.LEAD_PHONE, required=False, allow_blank=True)
    company = TextField(max_length=agent_limits.LEAD_COMPANY, required=False, allow_blank=True)


class PersonaSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    tone = serializers.CharField()


class ResolvedExperimentSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)


class ResolvedVariantSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    config = serializers.JSONField()


class ResolutionSerializer(serializers.Serializer[Any]):
    conversation_id = serializers.UUIDField()
    visitor_id = serializers.CharField()
    experiment = ResolvedExperimentSerializer(
        allow_null=True, help_text="Null when the visitor takes part in none."
    )
    variant = ResolvedVariantSerializer(allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=SOURCES,
        help_text="Where the variant comes from: decided before, the visitor's own, new, none, or "
        "chosen by a preview link.",
    )
    revision = serializers.IntegerField(
        min_value=1,
        help_text="Of the agent's persona and prompt. A conversation keeps the one that it was "
        "decided at, unless an urgent edit reaches it.",
    )
    persona = PersonaSerializer(help_text="The persona in force.")
    system_prompt = serializers.CharField(help_text="To give to the model as it is.")
    prompt_digest = serializers.RegexField(
        "^[0-9a-f]{64}$", help_text="SHA-256 of the system_prompt in UTF-8, hexadecimal."
    )


class MessageSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    visitor_id = serializers.CharField()
    role = serializers.ChoiceField(choices=MessageRole.choices)
    content = serializers.CharField()
    sent_at = serializers.DateTimeField()
    resolution = ResolutionSerializer(
        allow_null=True, help_text="Null before the visitor's first message."
    )


class KnownLeadSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()


class LeadSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    visitor_id = serializers.CharField()
    conversation_id = serializers.UUIDField(allow_null=True)
    email = serializers.EmailField()
    name = serializers.CharField()
    phone = serializers.CharField()
    company = serializers.CharField()
    status = serializers.ChoiceField(choices=LeadStatus.choices)
    created_at = serializers.DateTimeField()


class VariantSerializer(serializers.ModelSerializer[Variant]):
    share = serializers.SerializerMethodField(
        help_text="The fraction of new visitors that this variant gets, from 0 to 1."
    )

    class Meta:
        model = Variant
        fields = ["id", "name", "weight", "share", "position", "config"]
        read_only_fields = fields

    def get_share(self, variant: Variant) -> float:
        total_weight: int = self.context["total_weight"]
        return variant.weight / total_weight


# Its docstring would be published. Wants the variants prefetched.
class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    is_active = serializers.BooleanField(read_only=True)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    schedule = serializers.SerializerMethodField()
    outcome = serializers.ChoiceField(
        source="concluded.outcome", choices=Outcome.choices, allow_null=True, read_only=True
    )
    concluded_at = serializers.DateTimeField(
        source="concluded.concluded_at", allow_null=True, read_only=True
    )
    learned = serializers.CharField(source="concluded.learned", allow_null=True, read_only=True)
    variants = serializers.SerializerMethodField()

    class Meta:
        model = Experiment
        fields = [
            "id",
            "agent",
            "name",
            "hypothesis",
            "kind",
            "status",
            "is_active",
            "started_at",
            "stopped_at",
            "outcome",
            "concluded_at",
            "learned",
            "created_at",
            "window_days",
            "primary_metric",
            "design",
            "planned_lift",
            "most_looks",
            "expected_value",
            "expected_weekly",
            "traffic_share",
            "version",
            "schedule",
            "variants",
        ]
        read_only_fields = fields

    @extend_schema_field(ScheduleSerializer(allow_null=True))
    def get_schedule(self, experiment: Experiment) -> dict[str, Any] | None:
        schedule = schedule_of(experiment)
        return None if schedule is None else dict(ScheduleSerializer(schedule).data)

    @extend_schema_field(VariantSerializer(many=True))
    def get_variants(self, experiment: Experiment) -> list[dict[str, Any]]:
        variants = list(experiment.variants.all())
        total = sum(variant.weight for variant in variants)
        return list(VariantSerializer(variants, many=True, context={"total_weight": total}).data)


class VariantCallSerializer(StrictSerializer):
    name = serializers.CharField(max_length=limits.VARIANT_NAME)
    weight = serializers.IntegerField(min_value=1, max_value=limits.MAX_WEIGHT)
    config = serializers.DictField(
        required=False,
        help_text="In a persona experiment `persona` with a `name`, a `tone` or both; in others "
        f"an object of up to {limits.MAX_CONFIG_BYTES // 1024} KiB.",
    )


class ExperimentCallSerializer(StrictSerializer):
    """Documents what `experiments.configuration` reads; it checks nothing itself."""

    name = serializers.CharField(max_length=limits.EXPERIMENT_NAME)
    kind = serializers.ChoiceField(choices=Kind.choices)
    hypothesis = serializers.CharField(
        required=False, allow_blank=True, max_length=limits.HYPOTHESIS
    )
    window_days = serializers.IntegerField(
        required=False,
        min_value=limits.MIN_WINDOW_DAYS,
        max_value=limits.MAX_WINDOW_DAYS,
        default=limits.WINDOW_DAYS,
        help_text="For how many days after a visitor's assignment what they do counts.",
    )
    primary_metric = serializers.ChoiceField(
        required=False,
        choices=PrimaryMetric.choices,
        default=PrimaryMetric.LEAD_CAPTURE.value,
        help_text="What the verdict is about.",
    )
    design = serializers.ChoiceField(
        required=False,
        choices=Design.choices,
        default=Design.WATCHED.value,
        help_text="`watched` may be looked at whenever one likes; `planned` gives its verdict at a "
        "few looks alone, and needs about half of the visitors.",
    )
    planned_lift = serializers.FloatField(
        required=False,
        allow_null=True,
        min_value=limits.MIN_PLANNED_LIFT,
        max_value=limits.MAX_PLANNED_LIFT,
        help_text="The lift to detect, 0.2 for +20%. The planned design needs it.",
    )
    most_looks = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=limits.MAX_LOOKS,
        help_text="At most so many looks. The planned design needs it.",
    )
    expected_value = serializers.FloatField(
        required=False,
        allow_null=True,
        min_value=limits.MIN_EXPECTED,
        max_value=limits.MAX_EXPECTED_AVERAGE,
        help_text="Of the primary metric, to plan by instead of the last eight weeks; shares are "
        "from 0 to 1.",
    )
    expected_weekly = serializers.FloatField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=limits.MAX_EXPECTED_WEEKLY,
        help_text="Visitors a week of the agent, to plan by instead of the last eight weeks.",
    )
    traffic_share = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=limits.TRAFFIC_SHARE,
        default=limits.TRAFFIC_SHARE,
        help_text="Percent of new visitors who take part. Once started it may only be raised.",
    )
    variants = serializers.ListField(
        child=VariantCallSerializer(),
        required=False,
        min_length=limits.MIN_VARIANTS,
        max_length=limits.MAX_VARIANTS,
        help_text="The control first. A new experiment without them has control and treatment, "
        "half each.",
    )


class StartCallSerializer(StrictSerializer):
    on_conflict = serializers.ChoiceField(
        choices=[choice.value for choice in OnConflict],
        required=False,
        help_text="Needed only while another experiment runs.",
    )


class DuplicateCallSerializer(StrictSerializer):
    name = TextField(required=False, free=True, allow_blank=True)


class FieldErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Its path, as in `variants.0.weight`.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs: it stays the same.")
    detail = serializers.CharField(help_text="For people: what to do next.")
    errors = FieldErrorSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text="For status 400."
    )


def example(sent: dict[str, Any]) -> OpenApiExample:
    """A body that a call takes, for the API's description."""
    return OpenApiExample("Example", value=sent, request_only=True)
