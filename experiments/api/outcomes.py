"""Conclude an experiment over HTTP, and take its variant out of use."""

from typing import cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.roles import Caller, Permission
from experiments import limits
from experiments.access import experiment_for
from experiments.api.experiments import REFUSALS, conflict
from experiments.api.serializers import ExperimentSerializer, example
from experiments.models import Experiment, Outcome
from experiments.outcomes.conclusions import Decision, conclude, take_out_of_use
from glozr.inputs.serializer_fields import BooleanField, StrictSerializer, TextField, UuidField


class ConcludeCallSerializer(StrictSerializer):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    variant = UuidField(required=False, help_text="That won; only where one did.")
    learned = TextField(required=False, free=True, allow_blank=True, max_length=limits.LEARNED)
    reason = TextField(
        required=False,
        free=True,
        allow_blank=True,
        max_length=limits.REASON,
        help_text="Needed for what the verdict does not support.",
    )
    put_into_use = BooleanField(
        required=False,
        help_text="Make the winner's persona the agent's: for people, no token may.",
    )


CONCLUDE_CALL = ConcludeCallSerializer()


class ConcludeView(APIView):
    @extend_schema(
        operation_id="conclude_experiment",
        tags=["Experiments"],
        summary="Conclude an experiment; a running one is stopped by it",
        description="The same call again changes nothing.",
        request=ConcludeCallSerializer,
        examples=[
            example(
                {
                    "outcome": "no_difference",
                    "reason": "The site changed meanwhile.",
                    "learned": "A warmer tone alone does little.",
                }
            )
        ],
        responses={
            200: ExperimentSerializer,
            409: conflict(
                "`not_supported`: the verdict says otherwise, and no reason was given; "
                "`not_started`: it is a draft; `concluded`: it is concluded otherwise"
            ),
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = cast(Caller, request.user)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        decision = Decision(**CONCLUDE_CALL.run_validation(request.data))
        if decision.put_into_use:
            experiment_for(caller, agent_id, experiment_id, Permission.EDIT_AGENTS)
        conclude(experiment, decision, by=caller)
        return _as_stored(caller, experiment)


class TakeBackView(APIView):
    @extend_schema(
        operation_id="take_back_variant",
        tags=["Experiments"],
        summary="Give the agent the persona that it had before the winner's",
        request=None,
        responses={
            200: ExperimentSerializer,
            409: conflict(
                "`not_in_use`: no variant was put into use; `edited_since`: the agent was edited"
            ),
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = cast(Caller, request.user)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        take_out_of_use(experiment, by=caller)
        return _as_stored(caller, experiment)


def _as_stored(caller: Caller, experiment: Experiment) -> Response:
    stored = experiment_for(caller, experiment.agent_id, experiment.pk, Permission.RUN)
    response = Response(ExperimentSerializer(stored).data)
    response["ETag"] = f'"{stored.version}"'
    return response
