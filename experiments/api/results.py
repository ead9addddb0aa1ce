"""Results over HTTP, for people's sessions and for tokens that may read."""

from typing import cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.roles import Caller, Permission
from experiments.access import experiment_for
from experiments.api.experiments import REFUSALS
from experiments.api.paging import CursorPaging, answered, page_size
from experiments.api.serializers.activity import DailyFigureSerializer
from experiments.api.serializers.results import ResultsSerializer
from experiments.models import Experiment
from experiments.results.daily import daily_page
from experiments.results.report import (
    DEFAULT_LIFT,
    GREATEST_LIFT,
    LEAST_LIFT,
    planned_lift,
    results_of,
)
from glozr.edge.replica import from_replica

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
    @from_replica
    def get(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        experiment = _experiment(request, agent_id, experiment_id)
        lift = planned_lift(request.query_params.get("lift"))
        return Response(RESULTS.to_representation(results_of(experiment, planned_lift=lift)))


class DailyResultsView(APIView):
    pagination_class = CursorPaging

    @extend_schema(
        operation_id="list_daily_results",
        tags=["Results"],
        summary="List figures in long form: one of each variant, metric and day",
        description="In the order of days; a day on which nobody was assigned is left out.",
        responses={200: DailyFigureSerializer(many=True), **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        experiment = _experiment(request, agent_id, experiment_id)
        cursor = request.query_params.get("cursor", "")
        page = daily_page(experiment, cursor=cursor, per_page=page_size(request))
        rows = DailyFigureSerializer(page.rows, many=True).data
        return answered(request, page.next, page.previous, rows)


def _experiment(request: Request, agent_id: UUID, experiment_id: UUID) -> Experiment:
    return experiment_for(cast(Caller, request.user), agent_id, experiment_id, Permission.VIEW)
