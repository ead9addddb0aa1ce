"""What was done to an experiment and to an agent over HTTP, for who may see them."""

from typing import cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import access
from agents.audit.events import history_of_agent
from agents.audit.export import history_page, workspace_entries
from agents.models import WorkspaceEvent
from agents.roles import Caller, Permission
from experiments.access import experiment_for
from experiments.api.experiments import REFUSALS
from experiments.api.paging import CursorPaging, answer_page
from experiments.api.serializers.activity import HistoryEntrySerializer
from experiments.history import steps_of
from experiments.lifecycle.export import experiment_entries
from experiments.models import Event
from glozr.edge.replica import from_replica
from glozr.postgres.keyset import KeysetPage


class ExperimentHistoryView(APIView):
    pagination_class = CursorPaging

    @extend_schema(
        operation_id="list_experiment_history",
        tags=["Experiments"],
        summary="List every step of an experiment, the newest first",
        responses={200: HistoryEntrySerializer(many=True), **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = cast(Caller, request.user)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.VIEW)

        def read(cursor: str, size: int) -> KeysetPage[Event]:
            return history_page(steps_of(experiment), cursor=cursor, per_page=size)

        return answer_page(
            request,
            read,
            lambda rows: (
                HistoryEntrySerializer(experiment_entries(experiment, rows), many=True).data
            ),
        )


class AgentHistoryView(APIView):
    pagination_class = CursorPaging

    @extend_schema(
        operation_id="list_agent_history",
        tags=["Agents"],
        summary="List what was done to an agent itself, the newest first",
        description="Its making, and every change of its name, persona and prompt. What became of "
        "its experiments is in theirs.",
        responses={200: HistoryEntrySerializer(many=True), **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID) -> Response:
        agent = access.agent_for(cast(Caller, request.user), agent_id, Permission.VIEW)

        def read(cursor: str, size: int) -> KeysetPage[WorkspaceEvent]:
            return history_page(history_of_agent(agent), cursor=cursor, per_page=size)

        return answer_page(
            request,
            read,
            lambda rows: (
                HistoryEntrySerializer(workspace_entries(agent.workspace_id, rows), many=True).data
            ),
        )
