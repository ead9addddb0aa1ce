"""Conclude an experiment over HTTP, put its variant into use, take it back, and write anew what was
learned."""

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
from experiments.api.experiments import IF_MATCH, OUT_OF_DATE, REFUSALS, conflict, seen_version
from experiments.api.serializers import ExperimentSerializer, example
from experiments.models import Experiment, Outcome
from experiments.outcomes.conclusions import (
    Decision,
    conclude,
    edit_learned,
    put_into_use,
    take_out_of_use,
)
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


class ConclusionCallSerializer(StrictSerializer):
    learned = TextField(free=True, allow_blank=True, max_length=limits.LEARNED)


CONCLUDE_CALL = ConcludeCallSerializer()
CONCLUSION_CALL = ConclusionCallSerializer()


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


class ConclusionView(APIView):
    @extend_schema(
        operation_id="edit_conclusion",
        tags=["Experiments"],
        summary="Write anew what was learned; outcome, figures and verdict stay as they stood",
        parameters=[IF_MATCH],
        request=ConclusionCallSerializer,
        examples=[example({"learned": "A warmer tone helps those who come in the evening."})],
        responses={
            200: ExperimentSerializer,
            409: conflict("`not_concluded`"),
            412: OUT_OF_DATE,
            **REFUSALS,
        },
    )
    def patch(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = cast(Caller, request.user)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        learned = CONCLUSION_CALL.run_validation(request.data)["learned"]
        edit_learned(experiment, learned, by=caller, seen_version=seen_version(request))
        return _as_stored(caller, experiment)


class PutIntoUseView(APIView):
    @extend_schema(
        operation_id="put_variant_into_use",
        tags=["Experiments"],
        summary="Give the agent the persona of the variant that won",
        description="Of a concluded experiment. It is for people: no token may.",
        request=None,
        responses={
            200: ExperimentSerializer,
            409: conflict("`not_concluded`; `nothing_to_use`: no persona won"),
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = cast(Caller, request.user)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.EDIT_AGENTS)
        put_into_use(experiment, by=caller)
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
