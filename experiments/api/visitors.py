"""Who counts, over HTTP: rules that leave out, ids that are one, erasing and exporting."""

from typing import Any, cast
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import access
from agents import limits as agent_limits
from agents.api.authentication import demand_proof
from agents.models import Ability, Agent
from agents.roles import Caller, Permission, TokenCaller
from experiments.api.experiments import REFUSALS, conflict
from experiments.api.files import WhateverIsAskedFor
from experiments.api.serializers import example
from experiments.models import LeftOutRule, RuleKind
from experiments.visitors import erasing, exporting, leaving_out, merging
from glozr.inputs.serializer_fields import StrictSerializer, TextField


class RuleCallSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=RuleKind.choices)
    value = TextField(
        free=True, allow_blank=True, default="", help_text="Not needed for `bots`: all of them."
    )


class RuleSerializer(serializers.ModelSerializer[LeftOutRule]):
    class Meta:
        model = LeftOutRule
        fields = ["id", "kind", "value", "created_at"]
        read_only_fields = fields


# `from` is a word of Python's, so the fields are made by name.
MergeCallSerializer = type(
    "MergeCallSerializer",
    (StrictSerializer,),
    {
        "from": TextField(
            max_length=agent_limits.VISITOR_ID, help_text="From now on another name of `into`."
        ),
        "into": TextField(max_length=agent_limits.VISITOR_ID),
    },
)


class MergedSerializer(serializers.Serializer[Any]):
    visitor_id = serializers.CharField(help_text="The id under which the visitor counts.")
    is_new = serializers.BooleanField(help_text="False if they were one visitor already.")


class VisitorCallSerializer(StrictSerializer):
    visitor_id = TextField(max_length=agent_limits.VISITOR_ID)


class ErasedSerializer(serializers.Serializer[Any]):
    ids = serializers.IntegerField(help_text="Under how many ids the visitor was known.")
    conversations = serializers.IntegerField()
    leads = serializers.IntegerField()


class LeftOutView(APIView):
    """The rules of the agent's workspace, which hold for all its agents."""

    @extend_schema(
        operation_id="list_left_out",
        tags=["Visitors"],
        summary="Who is left out of the figures",
        responses={200: RuleSerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request, agent_id: UUID) -> Response:
        agent = _agent(request, agent_id)
        return Response(RuleSerializer(leaving_out.rules_of(agent.workspace), many=True).data)

    @extend_schema(
        operation_id="leave_out",
        tags=["Visitors"],
        summary="Leave visitors out of the figures, in all experiments of the workspace",
        description="By id, by the beginning of ids, by the domain of addresses that they left, or "
        "all `bots`: those who began a conversation with the `user_agent` of one. They get answers "
        "as anybody. It works backwards as well, and is undone by removing the rule.",
        request=RuleCallSerializer,
        examples=[example({"kind": "beginning", "value": "qa-"})],
        responses={201: RuleSerializer, 409: conflict("`too_many`"), **REFUSALS},
    )
    def post(self, request: Request, agent_id: UUID) -> Response:
        agent = _agent(request, agent_id)
        sent = RuleCallSerializer().run_validation(request.data)
        rule = leaving_out.leave_out(agent.workspace, **sent, by=_caller(request))
        return Response(RuleSerializer(rule).data, status=201)


class LeftOutRuleView(APIView):
    @extend_schema(
        operation_id="count_in",
        tags=["Visitors"],
        summary="Count visitors in again",
        responses={204: None, **REFUSALS},
    )
    def delete(self, request: Request, agent_id: UUID, rule_id: UUID) -> Response:
        agent = _agent(request, agent_id)
        leaving_out.count_in(agent.workspace, rule_id, by=_caller(request))
        return Response(status=204)


class MergeView(APIView):
    @extend_schema(
        operation_id="merge_visitors",
        tags=["Visitors"],
        summary="Two ids are one visitor",
        description="The earliest assignment of the two holds, and what both did counts there "
        "once. The same call again changes nothing. For tokens with `runtime` or "
        "`visitors:write`.",
        request=MergeCallSerializer,
        examples=[example({"from": "browser-5d20", "into": "account-7f3a"})],
        responses={
            200: MergedSerializer,
            409: conflict("`circle`: merged the other way round; `too_many` ids"),
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID) -> Response:
        agent = _agent(request, agent_id, or_runtime=True)
        sent = MergeCallSerializer().run_validation(request.data)
        is_new = merging.merge(
            agent, visitor_id=sent["from"], into=sent["into"], by=_caller(request)
        )
        person = merging.counts_as(agent, sent["into"])
        return Response({"visitor_id": person, "is_new": is_new})


class EraseView(APIView):
    @extend_schema(
        operation_id="erase_visitor",
        tags=["Visitors"],
        summary="Erase all that is held of a visitor; figures stay what they are",
        request=VisitorCallSerializer,
        examples=[example({"visitor_id": "v-7f3a"})],
        responses={200: ErasedSerializer, **REFUSALS},
    )
    def post(self, request: Request, agent_id: UUID) -> Response:
        agent = _agent(request, agent_id)
        sent = VisitorCallSerializer().run_validation(request.data)
        demand_proof(request)
        erased = erasing.erase_visitor(agent, sent["visitor_id"], by=_caller(request))
        return Response(ErasedSerializer(erased).data)


class ExportView(APIView):
    content_negotiation_class = WhateverIsAskedFor

    @extend_schema(
        operation_id="export_visitor",
        tags=["Visitors"],
        summary="Everything that is held of a visitor",
        request=VisitorCallSerializer,
        examples=[example({"visitor_id": "v-7f3a"})],
        responses={
            (200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT),
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID) -> StreamingHttpResponse:
        agent = _agent(request, agent_id)
        sent = VisitorCallSerializer().run_validation(request.data)
        demand_proof(request)
        pieces = exporting.everything_of(agent, sent["visitor_id"], by=_caller(request))
        return StreamingHttpResponse(pieces, content_type="application/json")


def _caller(request: Request) -> Caller:
    return cast(Caller, request.user)


def _agent(request: Request, agent_id: UUID, *, or_runtime: bool = False) -> Agent:
    caller = _caller(request)
    if or_runtime and isinstance(caller, TokenCaller) and Ability.RUNTIME in caller.token.abilities:
        return access.agent_for_runtime(caller, agent_id)
    return access.agent_for(caller, agent_id, Permission.MANAGE_VISITORS)
