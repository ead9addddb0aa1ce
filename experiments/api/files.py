"""Everything as files over HTTP, of who may see it: CSV for programs, workbooks for people."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar, cast
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from agents import access
from agents.audit.export import agent_table
from agents.models import Agent
from agents.roles import Caller, Permission
from experiments.access import experiment_for
from experiments.api.activity_filters import (
    CONVERSATION_FILTERS,
    LEAD_FILTERS,
    wanted_conversations,
    wanted_leads,
)
from experiments.api.experiments import REFUSALS
from experiments.lifecycle.export import steps_table
from experiments.models import Experiment
from experiments.results.daily import daily_table
from experiments.results.export import assignments_table
from experiments.visitors.tables import conversations_table, leads_table, messages_table
from glozr.edge.downloads import CONTENT_TYPES, FileKind, download
from glozr.edge.replica import from_replica
from glozr.outputs.tables import Table
from glozr.zones import zone

AgentTables: TypeAlias = Callable[[Agent, Request], Sequence[Table]]
FileViews: TypeAlias = dict[FileKind, Any]
_Get = TypeVar("_Get", bound=Callable[..., HttpResponseBase])

FILE_KINDS = {
    FileKind.CSV: ("", "as CSV for programs: every value as it is, instants in UTC"),
    FileKind.XLSX: (
        "_workbook",
        "as a workbook for people: typed, times in the workspace's zone, at most 1,048,576 rows",
    ),
}
MEDIA = {FileKind.CSV: OpenApiTypes.STR, FileKind.XLSX: OpenApiTypes.BINARY}


class WhateverIsAskedFor(DefaultContentNegotiation):
    """For files, which no renderer writes: only refusals are JSON."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


def _of_agent(
    operation: str,
    what: str,
    tables: AgentTables,
    *,
    tag: str = "Visitors",
    filters: Sequence[OpenApiParameter] = (),
) -> FileViews:
    def view(kind: FileKind) -> Any:
        class AgentFileView(APIView):
            content_negotiation_class = WhateverIsAskedFor

            @_described(operation, what, kind, tag, filters)
            @from_replica
            def get(self, request: Request, agent_id: UUID) -> HttpResponseBase:
                agent = access.agent_for(cast(Caller, request.user), agent_id, Permission.VIEW)
                return download(
                    *tables(agent, request),
                    kind=kind,
                    name=f"{operation}-{agent.pk}",
                    zone=zone(agent.workspace.time_zone),
                )

        return AgentFileView.as_view()

    return {kind: view(kind) for kind in FileKind}


def _of_experiment(
    operation: str, what: str, table: Callable[[Experiment], Table], *, tag: str = "Results"
) -> FileViews:
    def view(kind: FileKind) -> Any:
        class ExperimentFileView(APIView):
            content_negotiation_class = WhateverIsAskedFor

            @_described(operation, what, kind, tag)
            @from_replica
            def get(
                self, request: Request, agent_id: UUID, experiment_id: UUID
            ) -> HttpResponseBase:
                caller = cast(Caller, request.user)
                found = experiment_for(caller, agent_id, experiment_id, Permission.VIEW)
                return download(
                    table(found),
                    kind=kind,
                    name=f"{operation}-{found.pk}",
                    zone=zone(found.agent.workspace.time_zone),
                )

        return ExperimentFileView.as_view()

    return {kind: view(kind) for kind in FileKind}


def _described(
    operation: str,
    what: str,
    kind: FileKind,
    tag: str,
    parameters: Sequence[OpenApiParameter] = (),
) -> Callable[[_Get], _Get]:
    ending, how = FILE_KINDS[kind]
    media_type = CONTENT_TYPES[kind].partition(";")[0]
    decorate: Callable[[_Get], _Get] = extend_schema(
        operation_id=f"export_{operation}{ending}",
        tags=[tag],
        summary=f"{what}, {how}",
        parameters=list(parameters),
        responses={(200, media_type): OpenApiResponse(MEDIA[kind]), **REFUSALS},
    )
    return decorate


def _leads(agent: Agent, request: Request) -> Sequence[Table]:
    return [leads_table(agent, wanted_leads(agent, request.query_params))]


def _conversations(agent: Agent, request: Request) -> Sequence[Table]:
    wanted = wanted_conversations(agent, request.query_params)
    return [conversations_table(agent, wanted), messages_table(agent, wanted)]


def _messages(agent: Agent, request: Request) -> Sequence[Table]:
    return [messages_table(agent, wanted_conversations(agent, request.query_params))]


def _agent_history(agent: Agent, request: Request) -> Sequence[Table]:
    return [agent_table(agent)]


FILES_OF_AGENT: dict[str, FileViews] = {
    "leads": _of_agent("leads", "Leads", _leads, filters=LEAD_FILTERS),
    "conversations": _of_agent(
        "conversations",
        "Conversations (a workbook has what was said as well)",
        _conversations,
        filters=CONVERSATION_FILTERS,
    ),
    "messages": _of_agent(
        "messages", "What was said in conversations", _messages, filters=CONVERSATION_FILTERS
    ),
    "history": _of_agent(
        "agent_history", "What was done to an agent itself", _agent_history, tag="Agents"
    ),
}
FILES_OF_EXPERIMENT: dict[str, FileViews] = {
    "assignments": _of_experiment(
        "assignments", "Visitors, their variants and what they did", assignments_table
    ),
    "results": _of_experiment("results", "A row for each variant, metric and day", daily_table),
    "history": _of_experiment(
        "experiment_history", "Every step of an experiment", steps_table, tag="Experiments"
    ),
}
