"""The shapes of the API's JSON. No rules: those are the services'."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import LeadStatus, Message, MessageRole
from experiments.configuration import (
    HYPOTHESIS_LENGTH,
    MIN_VARIANTS,
    NAME_LENGTH,
    VARIANT_NAME_LENGTH,
)
from experiments.lifecycle import OnConflict
from experiments.models import MAX_VARIANTS, MAX_WEIGHT, Experiment, Kind, Status, Variant
from glozr.fields import BooleanField, EmailField, PastField, StrictSerializer, TextField, UuidField

VISITOR_ID_LENGTH = 128


class AssignmentCallSerializer(StrictSerializer):
    visitor_id = TextField(max_length=VISITOR_ID_LENGTH)
    conversation_id = UuidField(required=False)
    playground = BooleanField(required=False)


class MessageCallSerializer(StrictSerializer):
    visitor_id = TextField(max_length=VISITOR_ID_LENGTH)
    role = serializers.ChoiceField(choices=MessageRole.choices)
    content = TextField(max_length=Message.MAX_CONTENT, free=True)
    id = UuidField(required=False)
    sent_at = PastField(required=False)
    playground = BooleanField(required=False)


class LeadCallSerializer(StrictSerializer):
    visitor_id = TextField(max_length=VISITOR_ID_LENGTH)
    email = EmailField()
    conversation_id = UuidField(required=False)
    name = TextField(max_length=120, required=False, allow_blank=True)
    phone = TextField(max_length=40, required=False, allow_blank=True)
    company = TextField(max_length=120, required=False, allow_blank=True)


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
    experiment = ResolvedExperimentSerializer(allow_null=True)
    variant = ResolvedVariantSerializer(allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["conversation", "visitor", "new", "none"]
    )
    persona = PersonaSerializer()
    system_prompt = serializers.CharField()


class MessageSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    visitor_id = serializers.CharField()
    role = serializers.ChoiceField(choices=MessageRole.choices)
    content = serializers.CharField()
    sent_at = serializers.DateTimeField()
    resolution = ResolutionSerializer(allow_null=True)


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


# Its docstring would be published. Wants `is_active` annotated and the variants prefetched.
class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    is_active = serializers.BooleanField(read_only=True)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
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
            "created_at",
            "version",
            "variants",
        ]
        read_only_fields = fields

    @extend_schema_field(VariantSerializer(many=True))
    def get_variants(self, experiment: Experiment) -> list[dict[str, Any]]:
        variants = list(experiment.variants.all())
        total = sum(variant.weight for variant in variants)
        return list(VariantSerializer(variants, many=True, context={"total_weight": total}).data)


class VariantCallSerializer(StrictSerializer):
    name = serializers.CharField(max_length=VARIANT_NAME_LENGTH)
    weight = serializers.IntegerField(min_value=1, max_value=MAX_WEIGHT)
    config = serializers.DictField(
        required=False,
        help_text="In a persona experiment `persona` with a `name`, a `tone` or both; in others "
        "an object of up to 16 KiB.",
    )


class ExperimentCallSerializer(StrictSerializer):
    """Documents what `experiments.configuration` reads; it checks nothing itself."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    kind = serializers.ChoiceField(choices=Kind.choices)
    hypothesis = serializers.CharField(
        required=False, allow_blank=True, max_length=HYPOTHESIS_LENGTH
    )
    variants = serializers.ListField(
        child=VariantCallSerializer(),
        required=False,
        min_length=MIN_VARIANTS,
        max_length=MAX_VARIANTS,
        help_text="The control first. Left out, control and treatment, half each.",
    )


class StartCallSerializer(StrictSerializer):
    on_conflict = serializers.ChoiceField(
        choices=[choice.value for choice in OnConflict], required=False
    )


class DuplicateCallSerializer(StrictSerializer):
    name = TextField(required=False, free=True, allow_blank=True)


class FieldErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text="For status 400."
    )
