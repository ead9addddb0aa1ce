"""Results and assignments over HTTP, for people's sessions and for tokens that may read."""

from typing import Any, cast
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.roles import Caller, Permission
from experiments.access import experiment_for
from experiments.api.experiments import REFUSALS
from experiments.api.results_serializers import ResultsSerializer
from experiments.models import Experiment
from experiments.results.export import assignments_csv
from experiments.results.report import (
    DEFAULT_LIFT,
    GREATEST_LIFT,
    LEAST_LIFT,
    planned_lift,
    results_of,
)

RESULTS = ResultsSerializer()
LIFT = OpenApiParameter(
    "lift",
    {
        "type": "number",
        "minimum": LEAST_LIFT,
        "maximum": GREATEST_LIFT,
        "default": DEFAULT_LIFT,
    },
    description="The relative lift to look ahead to, 0.2 for +20%.",
)


class ResultsView(APIView):
    @extend_schema(
        operation_id="get_results",
        tags=["Results"],
        summary="Every figure of the results page",
        parameters=[LIFT],
        responses={200: ResultsSerializer, **REFUSALS},
    )
    def get(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        experiment = _experiment(request, agent_id, experiment_id)
        lift = planned_lift(request.query_params.get("lift"))
        return Response(RESULTS.to_representation(results_of(experiment, planned_lift=lift)))


class WhateverIsAskedFor(DefaultContentNegotiation):
    """For CSV, which no renderer writes: only refusals are JSON."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class AssignmentsCsvView(APIView):
    content_negotiation_class = WhateverIsAskedFor

    @extend_schema(
        operation_id="export_assignments",
        tags=["Results"],
        summary="Visitors, their variants and what they did, as CSV",
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR),
            **REFUSALS,
        },
    )
    def get(self, request: Request, agent_id: UUID, experiment_id: UUID) -> StreamingHttpResponse:
        return csv_response(_experiment(request, agent_id, experiment_id))


def csv_response(experiment: Experiment) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        assignments_csv(experiment),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="assignments-{experiment.pk}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _experiment(request: Request, agent_id: UUID, experiment_id: UUID) -> Experiment:
    return experiment_for(cast(Caller, request.user), agent_id, experiment_id, Permission.VIEW)
