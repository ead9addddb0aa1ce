"""OFREP, OpenFeature's protocol: any of its SDKs gets a visitor's variant. An agent is a flag.

The value of a flag is the resolution of an assignments call, by the same rules and statements.
"""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from agents.api.authentication import credentials_in
from experiments.api import serializers
from experiments.api.runtime.calls import AUTH, RuntimeView, read_call, resolution_json
from experiments.api.serializers.openfeature import (
    FlagCallSerializer,
    FlagErrorSerializer,
    FlagSerializer,
)
from experiments.runtime.answers import Answer
from experiments.runtime.assignment import Source
from experiments.runtime.flags import evaluate
from glozr.edge.api_errors import exception_handler, no_such_address
from glozr.errors import NotFound
from glozr.inputs.serializer_fields import UuidField
from glozr.observe.metrics import ASSIGNMENTS

FLAG_CALL = FlagCallSerializer()
FLAG_KEY = UuidField()
NO_SUCH_FLAG = "There is no such flag. A flag's key is the id of an agent of this workspace."
NOT_IN_BULK = (
    "Flags are evaluated one at a time, by a server provider with a runtime token: a visitor who "
    "is evaluated is assigned, which must happen only where they meet the agent, and a page in a "
    "browser may not hold the token. Evaluate /ofrep/v1/evaluate/flags/{agent id} on your server."
)
TARGETING_KEY = ("context", "context.targetingKey")
FLAG_ERRORS = {
    status: OpenApiResponse(FlagErrorSerializer, description=description)
    for status, description in {
        400: "Bad input, or a conversation of another visitor",
        401: "No or bad token",
        403: "Ability missing, a network that the token may not be used from, or plain HTTP",
        404: "No such agent in this token's workspace",
        413: "The body is larger than 256 KiB",
        429: "Too many calls; see Retry-After, in seconds",
        503: "The database is away; see Retry-After, in seconds",
    }.items()
}


class FlagView(RuntimeView):
    @extend_schema(
        operation_id="evaluate_flag",
        tags=["OpenFeature"],
        auth=AUTH,
        summary="Evaluate an agent as a flag",
        description="For the server providers of OpenFeature. Without a `conversation_id` it "
        "answers with the visitor's present variant, however often it is asked.",
        parameters=[OpenApiParameter("agent_id", UUID, OpenApiParameter.PATH)],
        request=FlagCallSerializer,
        examples=[serializers.example({"context": {"targetingKey": "v-7f3a"}})],
        responses={200: FlagSerializer, **FLAG_ERRORS},
    )
    def post(self, request: HttpRequest, agent_id: str) -> HttpResponse:
        credentials = credentials_in(request)
        agent = _agent_of(agent_id)
        context = read_call(request, FLAG_CALL, credentials, agent)["context"]
        resolution = evaluate(
            credentials,
            agent,
            context["targetingKey"],
            conversation_id=context.get("conversation_id"),
            playground=context.get("playground", False),
            preview=context.get("preview"),
        )
        ASSIGNMENTS.labels(resolution.source.value).inc()
        return HttpResponse(
            b'{"key": "%s", "value": %s, %s, "source": "%s"}}'
            % (
                str(agent).encode(),
                resolution_json(resolution),
                _members_of(resolution.answer, resolution.source is Source.PREVIEW),
                resolution.source.encode(),
            ),
            content_type="application/json",
        )

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response | None]:
        return _refused


def _agent_of(key: str) -> UUID:
    try:
        return FLAG_KEY.to_internal_value(key)
    except ValidationError as error:
        raise NotFound(NO_SUCH_FLAG) from error


class BulkView(RuntimeView):
    """What the providers of browsers ask for."""

    @extend_schema(exclude=True)
    def post(self, request: HttpRequest) -> HttpResponse:
        body = {"errorCode": "GENERAL", "errorDetails": NOT_IN_BULK}
        return HttpResponse(json.dumps(body), "application/json", status=HTTPStatus.NOT_IMPLEMENTED)


@lru_cache(maxsize=4096)
def _members_of(answer: Answer, is_preview: bool) -> bytes:
    """What a flag says beside its value, but for the end of its metadata."""
    said = json.loads(b"{%s}" % answer.json_members)
    metadata = {"revision": said["revision"]}
    variant, experiment = said["variant"], said["experiment"]
    if variant:
        metadata |= {
            "experiment_id": experiment["id"],
            "experiment": experiment["name"],
            "kind": experiment["kind"],
            "variant_id": variant["id"],
        }
    members = {
        "variant": variant["name"] if variant else "",
        "reason": "TARGETING_MATCH" if is_preview else "SPLIT" if variant else "DEFAULT",
        "metadata": metadata,
    }
    return json.dumps(members)[1:-2].encode()


def _refused(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """As `exception_handler`, in the protocol's shape. It knows no 409: what an evaluation can't
    be asked for is bad input."""
    response = exception_handler(error, context)
    if response is not None:
        if response.status_code == HTTPStatus.CONFLICT:
            response.status_code = HTTPStatus.BAD_REQUEST
        response.data = {
            "key": context["kwargs"]["agent_id"],
            "errorCode": _code_of(response),
            "errorDetails": _details_of(response.data),
        }
    return response


def _code_of(response: Response) -> str:
    if response.status_code == HTTPStatus.NOT_FOUND:
        return "FLAG_NOT_FOUND"
    if response.status_code != HTTPStatus.BAD_REQUEST:
        return "GENERAL"
    errors = response.data.get("errors", ())
    if any(error["field"] == "body" for error in errors):
        return "PARSE_ERROR"
    missing = ("required", "blank", "null")
    if any(error["field"] in TARGETING_KEY and error["code"] in missing for error in errors):
        return "TARGETING_KEY_MISSING"
    return "INVALID_CONTEXT"


def _details_of(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    if not errors:
        return str(body["detail"])
    return " ".join(f"{error['field']}: {error['detail']}" for error in errors)


urlpatterns = [
    path("evaluate/flags", BulkView.as_view(), name="ofrep_bulk"),
    path("evaluate/flags/<path:agent_id>", FlagView.as_view(), name="ofrep_flag"),
    re_path("", no_such_address, name="ofrep_unknown"),
]
