"""Experiments over HTTP, for signed-in people (with CSRF) and for API tokens."""

import re
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import access
from agents.api.authentication import demand_proof
from agents.roles import Caller, Permission
from experiments import lifecycle, limits
from experiments.access import experiment_for
from experiments.api.paging import CursorPaging, answer_page
from experiments.api.serializers import (
    DuplicateCallSerializer,
    ErrorSerializer,
    ExperimentCallSerializer,
    ExperimentSerializer,
    StartCallSerializer,
    example,
)
from experiments.lifecycle import OnConflict, editing
from experiments.models import Experiment, Status
from glozr.edge.replica import from_replica
from glozr.errors import FieldError, Invalid, OutOfDate
from glozr.postgres.keyset import KeysetPage, Order, keyset_page
from glozr.text import number_in

DUPLICATE_CALL = DuplicateCallSerializer()
START_CALL = StartCallSerializer()
NEWEST_FIRST = Order("created_at")

REFUSALS = {
    status: OpenApiResponse(ErrorSerializer, description=description)
    for status, description in {
        400: "Bad input: every broken rule with its field",
        401: "Not signed in, no or bad token",
        403: "The role or the token's abilities don't allow this",
        404: "No such agent or experiment in your workspace",
        413: "The body is larger than 256 KiB",
        503: "The database is away; see Retry-After",
    }.items()
}


TOO_MANY = "`too_many`: the workspace holds as many as it may"


def conflict(description: str) -> OpenApiResponse:
    return OpenApiResponse(ErrorSerializer, description=description)


OUT_OF_DATE = conflict("`out_of_date`: it changed since the version in If-Match")


IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `version` that you have seen; 412 if it is out of date.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A text of your own, of 1 to 255 visible characters of ASCII. The call sent again "
    "with it within 24 hours is answered with the same draft.",
)
KEY = re.compile(rf"[!-~]{{1,{limits.IDEMPOTENCY_KEY_LENGTH}}}")


class ExperimentsView(APIView):
    pagination_class = CursorPaging

    @extend_schema(
        operation_id="list_experiments",
        tags=["Experiments"],
        summary="List an agent's experiments, the newest first",
        parameters=[
            OpenApiParameter(
                "status", str, enum=["", *Status.values], description="Empty for all of them"
            ),
            OpenApiParameter("search", str, description="Part of a name"),
        ],
        responses={200: ExperimentSerializer(many=True), **REFUSALS},
    )
    @from_replica
    def get(self, request: Request, agent_id: UUID) -> Response:
        agent = access.agent_for(_caller(request), agent_id, Permission.VIEW)
        every = Experiment.objects.of_agent(agent.pk).with_is_active()
        every = every.select_related("conclusion").prefetch_related("variants")
        found = narrowed(every, request.query_params)

        def read(cursor: str, size: int) -> KeysetPage[Experiment]:
            return keyset_page([found], order=NEWEST_FIRST, cursor=cursor, per_page=size)

        return answer_page(request, read, lambda rows: ExperimentSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="create_experiment",
        tags=["Experiments"],
        summary="Create a draft",
        request=ExperimentCallSerializer,
        examples=[
            example(
                {
                    "name": "A warmer tone",
                    "kind": "persona",
                    "hypothesis": "Visitors who feel welcome leave their address.",
                    "variants": [
                        {"name": "control", "weight": 50, "config": {"persona": {"name": "Max"}}},
                        {
                            "name": "treatment",
                            "weight": 50,
                            "config": {"persona": {"name": "Max", "tone": "warm and cheerful"}},
                        },
                    ],
                }
            )
        ],
        responses={201: ExperimentSerializer, 409: conflict(TOO_MANY), **REFUSALS},
    )
    def post(self, request: Request, agent_id: UUID) -> Response:
        caller = _caller(request)
        agent = access.agent_for(caller, agent_id, Permission.RUN)
        experiment = editing.create(agent=agent, sent=_body(request), by=caller)
        return _answer(caller, experiment, status=201)


class ExperimentView(APIView):
    @extend_schema(
        operation_id="get_experiment",
        tags=["Experiments"],
        summary="Get an experiment",
        responses={200: ExperimentSerializer, **REFUSALS},
    )
    def get(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        return _shown(experiment_for(_caller(request), agent_id, experiment_id, Permission.VIEW))

    @extend_schema(
        operation_id="edit_experiment",
        tags=["Experiments"],
        summary="Edit an experiment",
        description="Send only what changes; `variants` replaces the whole list.",
        parameters=[IF_MATCH],
        request=ExperimentCallSerializer(partial=True),
        examples=[example({"name": "An even warmer tone"})],
        responses={
            200: ExperimentSerializer,
            409: conflict(f"`frozen`: it runs or has assignments; {TOO_MANY}"),
            412: OUT_OF_DATE,
            **REFUSALS,
        },
    )
    def patch(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = _caller(request)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        edited = editing.edit(
            experiment, sent=_body(request), by=caller, seen_version=seen_version(request)
        )
        return _answer(caller, edited)

    @extend_schema(
        operation_id="delete_experiment",
        tags=["Experiments"],
        summary="Delete an experiment; a running one is stopped by it",
        description=(
            "Of a person's session it answers 403 `proof_needed` when they have not signed in or "
            "confirmed who they are within 10 minutes. A token needs no more than its ability."
        ),
        parameters=[IF_MATCH],
        responses={204: None, 412: OUT_OF_DATE, **REFUSALS},
    )
    def delete(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = _caller(request)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        demand_proof(request)
        lifecycle.delete(experiment, by=caller, seen_version=seen_version(request))
        return Response(status=204)


class StartView(APIView):
    @extend_schema(
        operation_id="start_experiment",
        tags=["Experiments"],
        summary="Start an experiment, or start it again",
        parameters=[IF_MATCH],
        request=StartCallSerializer,
        examples=[example({"on_conflict": "stop_current"})],
        responses={
            200: ExperimentSerializer,
            409: conflict(f"`another_running`, naming it; `already_running`; {TOO_MANY}"),
            412: OUT_OF_DATE,
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = _caller(request)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        choice = START_CALL.run_validation(_body(request)).get("on_conflict")
        started = lifecycle.start(
            experiment,
            by=caller,
            on_conflict=OnConflict(choice) if choice else None,
            seen_version=seen_version(request),
        )
        return _answer(caller, started)


class StopView(APIView):
    @extend_schema(
        operation_id="stop_experiment",
        tags=["Experiments"],
        summary="Stop an experiment",
        parameters=[IF_MATCH],
        request=None,
        responses={
            200: ExperimentSerializer,
            409: conflict("`not_started`: it is a draft"),
            412: OUT_OF_DATE,
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = _caller(request)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        stopped = lifecycle.stop(experiment, by=caller, seen_version=seen_version(request))
        return _answer(caller, stopped)


class DuplicateView(APIView):
    @extend_schema(
        operation_id="duplicate_experiment",
        tags=["Experiments"],
        summary="Make a new draft with the same set-up",
        parameters=[IDEMPOTENCY_KEY],
        request=DuplicateCallSerializer,
        examples=[example({"name": "A warmer tone, once more"})],
        responses={
            201: ExperimentSerializer,
            409: conflict(
                f"{TOO_MANY}; `key_reused`: the key came with another name before; "
                "`copy_deleted`: what this key made has been deleted"
            ),
            **REFUSALS,
        },
    )
    def post(self, request: Request, agent_id: UUID, experiment_id: UUID) -> Response:
        caller = _caller(request)
        experiment = experiment_for(caller, agent_id, experiment_id, Permission.RUN)
        name = DUPLICATE_CALL.run_validation(_body(request)).get("name")
        copy = editing.duplicate(experiment, by=caller, name=name, key=_idempotency_key(request))
        return _answer(caller, copy, status=201)


def _caller(request: Request) -> Caller:
    return cast(Caller, request.user)


def _body(request: Request) -> dict[str, Any]:
    return cast(dict[str, Any], request.data)  # the parser reads nothing else


def narrowed(experiments: Any, wanted: Mapping[str, str]) -> QuerySet[Experiment]:
    """Those with the `status` and the `search` in their names that are wanted, if any are.

    Raises:
        Invalid: there is no such status.
    """
    status = wanted.get("status")
    if status:
        if status not in Status.values:
            raise Invalid(
                [
                    FieldError(
                        "status", "invalid_choice", f"Choose one of {', '.join(Status.values)}."
                    )
                ]
            )
        experiments = experiments.with_status(status)
    search = wanted.get("search", "").replace("\0", "").strip()
    return cast("QuerySet[Experiment]", experiments.named_like(search) if search else experiments)


def _idempotency_key(request: Request) -> str | None:
    """
    Raises:
        Invalid: it is empty, too long, or holds what is not visible.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        longest = limits.IDEMPOTENCY_KEY_LENGTH
        detail = f"Send 1 to {longest} visible characters of ASCII, or no key."
        raise Invalid([FieldError("Idempotency-Key", "invalid", detail)])
    return key


def seen_version(request: Request) -> int | None:
    """The version in If-Match, or None where any will do.

    Raises:
        OutOfDate: it is none of ours, so it can't be the present one.
    """
    header = request.headers.get("If-Match", "").strip()
    if header in ("", "*"):
        return None
    version = number_in(header.removeprefix("W/").strip('"'))
    if version is None:
        raise OutOfDate
    return version


def _answer(caller: Caller, experiment: Experiment, *, status: int = 200) -> Response:
    """The experiment as it is stored after a change."""
    return _shown(
        experiment_for(caller, experiment.agent_id, experiment.pk, Permission.RUN), status=status
    )


def _shown(experiment: Experiment, *, status: int = 200) -> Response:
    response = Response(ExperimentSerializer(experiment).data, status=status)
    response["ETag"] = f'"{experiment.version}"'
    return response
