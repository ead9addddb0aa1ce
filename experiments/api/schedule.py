"""An experiment's schedule over HTTP."""

from typing import cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.roles import Caller, Permission
from experiments import lifecycle
from experiments.access import experiment_for
from experiments.api.experiments import (
    IF_MATCH,
    OUT_OF_DATE,
    REFUSALS,
    TOO_MANY,
    conflict,
    seen_version,
)
from experiments.api.serializers import ExperimentSerializer, example
from experiments.api.serializers.schedule import ScheduleCallSerializer, schedule_sent
from experiments.lifecycle import Schedule

SCHEDULE_CALL = ScheduleCallSerializer()
ENDED = "`ended`: its end has come and only the stop is not written yet"


class ScheduleView(APIView):
    @extend_schema(
        operation_id="schedule_experiment",
        tags=["Experiments"],
        summary="Set when an experiment starts and ends automatically",
        description=(
            "Replaces the whole schedule; what is left out or null is not scheduled. A start by "
            "hand takes the place of the scheduled one; a stop, by hand or by an end, leaves "
            "nothing scheduled."
        ),
        parameters=[IF_MATCH],
        request=ScheduleCallSerializer,
        examples=[example({"ends": {"visitors": 4000, "when_decided": True}})],
        responses={
            200: ExperimentSerializer,
            409: conflict(f"{ENDED}; {TOO_MANY}"),
            412: OUT_OF_DATE,
            **REFUSALS,
        },
    )
    def put(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = cast(Caller, request.user)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        schedule = schedule_sent(SCHEDULE_CALL.run_validation(request.data))
        lifecycle.set_schedule(experiment, schedule, by=caller, seen_version=seen_version(request))
        shown = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        response = Response(ExperimentSerializer(shown).data)
        response["ETag"] = f'"{shown.version}"'
        return response

    @extend_schema(
        operation_id="remove_schedule",
        tags=["Experiments"],
        summary="Remove an experiment's schedule",
        parameters=[IF_MATCH],
        responses={
            204: None,
            409: conflict(f"{ENDED}; {TOO_MANY}"),
            412: OUT_OF_DATE,
            **REFUSALS,
        },
    )
    def delete(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = cast(Caller, request.user)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        lifecycle.set_schedule(
            experiment, Schedule(), by=caller, seen_version=seen_version(request)
        )
        return Response(status=204)
