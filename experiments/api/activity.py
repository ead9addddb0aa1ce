"""Leads, conversations and what was said over HTTP, for who may see them; a lead's status.

Leads and messages have an address each that a chat runtime POSTs to: what it sends goes past here
on the short way (`glozr.edge.middleware.RuntimeLane`), and is only described here.
"""

from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import access
from agents.models import Agent, Conversation, Lead
from agents.roles import Caller, Permission
from experiments.api.activity_filters import (
    CONVERSATION_FILTERS,
    LEAD_FILTERS,
    wanted_conversations,
    wanted_leads,
)
from experiments.api.experiments import REFUSALS
from experiments.api.paging import CursorPaging, answer_page
from experiments.api.runtime import calls
from experiments.api.serializers import example
from experiments.api.serializers.activity import (
    ConversationSerializer,
    LeadStatusCallSerializer,
    ListedLeadSerializer,
    SaidSerializer,
)
from experiments.visitors import activity
from experiments.visitors.lead_status import change_lead_status
from glozr.edge.replica import from_replica
from glozr.errors import NotFound
from glozr.ids import uuid_or_none
from glozr.postgres.keyset import KeysetPage

STATUS_CALL = LeadStatusCallSerializer()


# Its docstring would be published. What a chat runtime POSTs is checked by the statement that does
# the work; who else calls is asked who they are, as everywhere.
class ReadBesideRuntime(calls.RuntimeView):
    pagination_class = CursorPaging

    def get_authenticators(self) -> list[Any]:
        return [] if self.is_runtime else [each() for each in APIView.authentication_classes]

    def get_permissions(self) -> list[Any]:
        return [] if self.is_runtime else [each() for each in APIView.permission_classes]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self.is_runtime:
            super().initial(request, *args, **kwargs)
        else:
            APIView.initial(self, request, *args, **kwargs)

    @property
    def is_runtime(self) -> bool:
        # The description of the API is made without a request.
        return getattr(self.request, "method", "") == "POST"


class AgentLeadsView(ReadBesideRuntime, calls.LeadsView):
    @extend_schema(
        operation_id="list_leads",
        tags=["Visitors"],
        summary="List an agent's leads, the newest first",
        parameters=LEAD_FILTERS,
        responses={200: ListedLeadSerializer(many=True), **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID) -> Response:
        agent = _agent(request, agent_id)
        wanted = wanted_leads(agent, request.query_params)

        def read(cursor: str, size: int) -> KeysetPage[Lead]:
            return activity.leads(agent, wanted, cursor=cursor, per_page=size)

        return answer_page(request, read, lambda rows: _leads_json(agent, rows))


class LeadView(APIView):
    @extend_schema(
        operation_id="get_lead",
        tags=["Visitors"],
        summary="Get a lead",
        responses={200: ListedLeadSerializer, **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID, lead_id: UUID) -> Response:
        agent = _agent(request, agent_id)
        return _lead_answer(agent, lead_id)

    @extend_schema(
        operation_id="change_lead_status",
        tags=["Visitors"],
        summary="Say how far a lead has come",
        request=LeadStatusCallSerializer,
        examples=[example({"status": "qualified"})],
        responses={200: ListedLeadSerializer, **REFUSALS},
    )
    def patch(self, request: Request, agent_id: UUID, lead_id: UUID) -> Response:
        agent = access.agent_for(cast(Caller, request.user), agent_id, Permission.RUN)
        lead = activity.lead_for(agent, lead_id)
        change_lead_status(lead, status=STATUS_CALL.run_validation(request.data)["status"])
        return _lead_answer(agent, lead_id)


class ConversationsView(APIView):
    pagination_class = CursorPaging

    @extend_schema(
        operation_id="list_conversations",
        tags=["Visitors"],
        summary="List an agent's conversations, the newest first",
        parameters=CONVERSATION_FILTERS,
        responses={200: ConversationSerializer(many=True), **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID) -> Response:
        agent = _agent(request, agent_id)
        wanted = wanted_conversations(agent, request.query_params)

        def read(cursor: str, size: int) -> KeysetPage[Conversation]:
            return activity.conversations(agent, wanted, cursor=cursor, per_page=size)

        def write(rows: list[Conversation]) -> Any:
            described = activity.described(rows, known=wanted.arms)
            return ConversationSerializer(described, many=True).data

        return answer_page(request, read, write)


class ConversationView(APIView):
    @extend_schema(
        operation_id="get_conversation",
        tags=["Visitors"],
        summary="Get a conversation, without what was said",
        responses={200: ConversationSerializer, **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID, conversation_id: UUID) -> Response:
        found = activity.conversation_for(_agent(request, agent_id), conversation_id)
        (described,) = activity.described([found])
        return Response(ConversationSerializer(described).data)


class ConversationMessagesView(ReadBesideRuntime, calls.MessagesView):
    @extend_schema(
        operation_id="list_messages",
        tags=["Visitors"],
        summary="List what was said in a conversation, from its beginning",
        parameters=[OpenApiParameter("conversation_id", UUID, OpenApiParameter.PATH)],
        responses={200: SaidSerializer(many=True), **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID, conversation_id: str) -> Response:
        agent = _agent(request, agent_id)
        wanted = uuid_or_none(conversation_id)
        if wanted is None:
            raise NotFound(activity.NO_SUCH_CONVERSATION)
        conversation = activity.conversation_for(agent, wanted)
        return answer_page(
            request,
            lambda cursor, size: activity.messages_of(conversation, cursor=cursor, per_page=size),
            lambda rows: SaidSerializer(rows, many=True).data,
        )


def _agent(request: Request, agent_id: UUID) -> Agent:
    return access.agent_for(cast(Caller, request.user), agent_id, Permission.VIEW)


def _lead_answer(agent: Agent, lead_id: UUID) -> Response:
    (lead,) = _leads_json(agent, [activity.lead_for(agent, lead_id)])
    return Response(lead)


def _leads_json(agent: Agent, rows: list[Lead]) -> Any:
    variants = {row.lead.pk: row.variants for row in activity.with_variants(agent, rows)}
    return ListedLeadSerializer(rows, many=True, context={"variants": variants}).data
