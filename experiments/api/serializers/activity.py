"""The shapes of what visitors did, and of histories, as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import LeadStatus, MessageRole
from experiments.api.serializers import LeadSerializer
from experiments.api.serializers.figures import CountField, FiguresSerializer
from experiments.api.serializers.results import METRIC_KEYS, UNITS
from experiments.visitors import activity
from glozr.inputs.serializer_fields import StrictSerializer


class NamedSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class NamedVariantSerializer(NamedSerializer):
    experiment = NamedSerializer(help_text="It may have been deleted since.")


class ListedLeadSerializer(LeadSerializer):
    updated_at = serializers.DateTimeField()
    variants = serializers.SerializerMethodField(
        help_text="Those whose figures count this lead: none, one, rarely several."
    )

    @extend_schema_field(NamedVariantSerializer(many=True))
    def get_variants(self, lead: Any) -> list[dict[str, Any]]:
        by_lead: dict[Any, Any] = self.context["variants"]
        return list(NamedVariantSerializer(by_lead[lead.pk], many=True).data)


class LeadStatusCallSerializer(StrictSerializer):
    status = serializers.ChoiceField(choices=LeadStatus.choices)


class ConversationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="conversation.pk")
    visitor_id = serializers.CharField(source="conversation.visitor_id")
    playground = serializers.BooleanField(
        source="conversation.playground", help_text="A try-out by the team: it never counts."
    )
    variant = NamedVariantSerializer(allow_null=True)
    started_at = serializers.DateTimeField(source="conversation.started_at")
    decided_at = serializers.DateTimeField(
        source="conversation.decided_at",
        allow_null=True,
        help_text="When the visitor's first message settled the variant, or that there is none.",
    )
    messages = serializers.IntegerField(
        min_value=0,
        max_value=activity.COUNTED_MESSAGES,
        help_text=f"Counting stops at {activity.COUNTED_MESSAGES:,}.",
    )


class SaidSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=MessageRole.choices)
    content = serializers.CharField()
    sent_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField(
        help_text="Tells apart what was sent at one moment; in 2000 for what came before it was "
        "noted."
    )


class HistoryEntrySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    who = serializers.CharField()
    action = serializers.CharField(help_text="For programs: it stays the same.")
    subject = serializers.CharField(help_text="Whom or what it was about.")
    what = serializers.CharField(help_text="The step in words, after `who`.")
    changes = serializers.DictField(
        help_text="What changed, with whole texts: for most fields what it was and what it is."
    )


class DailyFigureSerializer(FiguresSerializer):
    """A variant's value of a metric on a day."""

    day = serializers.DateField(help_text="On which visitors were assigned, in the zone.")
    variant_id = serializers.UUIDField()
    variant = serializers.CharField()
    position = serializers.IntegerField(help_text="0 for the control.")
    metric = serializers.ChoiceField(choices=METRIC_KEYS)
    unit = serializers.ChoiceField(choices=UNITS)
    visitors = CountField(help_text="Assigned on the day.")
    value = serializers.FloatField(
        allow_null=True,
        help_text="Of those visitors, with everything that they have done since; null while "
        "nothing is measured.",
    )
    visitors_so_far = CountField(help_text="Assigned up to the end of the day.")
    value_so_far = serializers.FloatField(allow_null=True)
