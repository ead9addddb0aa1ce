"""The shapes of OFREP, OpenFeature's protocol for flags that a server evaluates."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers

from agents import limits
from experiments.api.serializers import (
    PLAYGROUND,
    PREVIEW,
    PREVIEW_CODE,
    SOURCES,
    ResolutionSerializer,
)
from experiments.models import Kind
from glozr.inputs.serializer_fields import BooleanField, TextField, UuidField

FLAG_REASONS = [(reason, reason) for reason in ("SPLIT", "DEFAULT", "TARGETING_MATCH")]


class OpenSerializer(serializers.Serializer[Any]):
    """What else is sent is the caller's, and ignored: a context has what all flags need."""


class OpenSerializerDescription(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = OpenSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        schema.pop("description", None)
        return {**schema, "additionalProperties": True}


class FlagContextSerializer(OpenSerializer):
    targetingKey = TextField(  # noqa: N815, the protocol's
        max_length=limits.VISITOR_ID, help_text="Your own name for the visitor."
    )
    conversation_id = UuidField(
        required=False,
        help_text="The conversation to be decided; left out, the visitor's present variant.",
    )
    playground = BooleanField(required=False, help_text=PLAYGROUND)
    preview = TextField(max_length=PREVIEW_CODE, required=False, help_text=PREVIEW)


class FlagCallSerializer(OpenSerializer):
    context = FlagContextSerializer()  # type: ignore[assignment]


class FlagMetadataSerializer(serializers.Serializer[Any]):
    experiment_id = serializers.UUIDField(required=False)
    experiment = serializers.CharField(required=False)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    variant_id = serializers.UUIDField(required=False)
    revision = serializers.IntegerField(min_value=1)
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]


class FlagSerializer(serializers.Serializer[Any]):
    key = serializers.UUIDField(help_text="The agent.")
    value = ResolutionSerializer()
    variant = serializers.CharField(
        allow_blank=True, help_text="The variant's name; empty when the visitor has none."
    )
    reason = serializers.ChoiceField(
        choices=FLAG_REASONS,
        help_text="DEFAULT is the agent's own persona, TARGETING_MATCH a preview.",
    )
    metadata = FlagMetadataSerializer()


class FlagErrorSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    errorCode = serializers.ChoiceField(  # noqa: N815, the protocol's
        choices=[
            *("PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT"),
            *("FLAG_NOT_FOUND", "GENERAL"),
        ]
    )
    errorDetails = serializers.CharField()  # noqa: N815, the protocol's
