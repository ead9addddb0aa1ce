"""Plan an experiment over HTTP: how long it would take, and what it could show."""

import re
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import access
from agents.roles import Caller, Permission
from experiments import limits
from experiments.api.experiments import REFUSALS
from experiments.api.serializers.figures import CountField, FiguresSerializer
from experiments.learning.planning import (
    PLANNED_METRICS,
    VARIANTS,
    Asked,
    plan_of,
)
from experiments.results.metrics import LEAD_CAPTURE
from experiments.results.report import DEFAULT_LIFT
from glozr.errors import FieldError, Invalid

NUMBER = {"type": "number"}
NUMERAL = re.compile(r"-?\d{1,17}(\.\d{1,17})?([eE][+-]?\d{1,3})?", re.ASCII)
PARAMETERS = [
    OpenApiParameter("metric", str, enum=list(PLANNED_METRICS), default=LEAD_CAPTURE.key),
    OpenApiParameter("lift", {**NUMBER, "minimum": 0.01, "maximum": 10, "default": DEFAULT_LIFT}),
    OpenApiParameter("variants", int, enum=list(VARIANTS), default=2),
    OpenApiParameter("window_days", int, default=limits.WINDOW_DAYS),
    OpenApiParameter("rate", NUMBER, description="The metric's value, instead of the measured one"),
    OpenApiParameter("weekly", NUMBER, description="Visitors a week, instead of those measured"),
]


class NeedSerializer(FiguresSerializer):
    """What one design needs. Null: there is no answer, or none in ten years."""

    visitors_per_variant = CountField(source="need.visitors", allow_null=True)
    weeks = CountField(source="need.weeks", allow_null=True, help_text="Whole ones.")
    looks = CountField(
        source="need.looks", allow_null=True, help_text="At most; null for the watched design."
    )
    on = serializers.DateField(allow_null=True, help_text="The day, if it began today.")


class ForVariantsSerializer(FiguresSerializer):
    variants = serializers.IntegerField()
    planned = NeedSerializer()
    watched = NeedSerializer()


class ShownSerializer(FiguresSerializer):
    """The smallest relative lifts that so many weeks show; null: none."""

    weeks = serializers.IntegerField()
    visitors_per_variant = CountField(source="visitors")
    planned = serializers.FloatField(allow_null=True)
    watched = serializers.FloatField(allow_null=True)


class PlanSerializer(FiguresSerializer):
    """How long an experiment would take, and what it could show, in even shares."""

    words = serializers.CharField(help_text="The answer, for people.")
    metric = serializers.ChoiceField(source="asked.metric", choices=list(PLANNED_METRICS))
    lift = serializers.FloatField(source="asked.lift")
    value = serializers.FloatField(
        allow_null=True, help_text="Of the metric: measured in the last eight weeks, or given."
    )
    weekly = serializers.FloatField(help_text="Visitors a week.")
    by_variants = ForVariantsSerializer(many=True)
    smallest_lifts = ShownSerializer(source="shown", many=True)


class PlanView(APIView):
    @extend_schema(
        operation_id="plan_experiment",
        tags=["Experiments"],
        summary="How long an experiment would take, and what it could show",
        parameters=PARAMETERS,
        responses={200: PlanSerializer, **REFUSALS},
    )
    def get(self, request: Request, agent_id: UUID) -> Response:
        agent = access.agent_for(cast(Caller, request.user), agent_id, Permission.VIEW)
        plan = plan_of(agent, asked_in(request.query_params))
        return Response(PlanSerializer().to_representation(plan))


def asked_in(given: Mapping[str, str]) -> Asked:
    """
    Raises:
        Invalid: a number is none.
    """
    found: dict[str, Any] = {}
    errors = []
    for name, read in (
        ("lift", float),
        ("variants", int),
        ("window_days", int),
        ("rate", float),
        ("weekly", float),
    ):
        text = given.get(name)
        if text is None:
            continue
        try:
            # Python reads more than JSON does: 1_000, other alphabets' digits, nan, blanks.
            found[name] = read(text if NUMERAL.fullmatch(text) else "")
        except ValueError:
            errors.append(FieldError(name, "invalid", "This must be a number."))
    if errors:
        raise Invalid(errors)
    return Asked(metric=given.get("metric", LEAD_CAPTURE.key), **found)
