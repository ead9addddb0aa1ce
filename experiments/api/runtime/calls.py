"""The three calls of a chat runtime: assignments, messages, leads.

A visitor waits for these. The views are DRF's with everything fixed that does not vary: JSON in
and out, serializers built once, the token checked by the statement that does the work.
"""

import json
from typing import IO, Any, ClassVar, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import UnsupportedMediaType, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from agents.api.authentication import credentials_in
from agents.models import MessageRole
from agents.workspaces.tokens import Credentials
from experiments.api import serializers
from experiments.runtime import assignment, leads
from experiments.runtime.admission import authorise
from experiments.runtime.assignment import Call, Recorded, Resolution, Utterance
from experiments.visitors.user_agents import client_kind_of
from glozr.errors import FieldError, Invalid
from glozr.ids import new_id
from glozr.inputs.json_body import StrictJSONParser
from glozr.inputs.serializer_fields import UuidField
from glozr.observe.metrics import ASSIGNMENTS
from glozr.outputs.instants import written

ASSIGNMENT_CALL = serializers.AssignmentCallSerializer()
MESSAGE_CALL = serializers.MessageCallSerializer()
LEAD_CALL = serializers.LeadCallSerializer()
CONVERSATION_ID = UuidField()
PARSER = StrictJSONParser()
RENDERER = JSONRenderer()

ERRORS = {
    status: OpenApiResponse(serializers.ErrorSerializer, description=description)
    for status, description in {
        400: "Bad input",
        401: "No or bad token",
        403: "Ability missing, a network that the token may not be used from, or plain HTTP",
        404: "No such agent in this token's workspace",
        409: "The conversation is another visitor's, or the message's id is taken",
        413: "The body is larger than 256 KiB",
        429: "Too many calls with this token, or from this address; see Retry-After, in seconds",
        503: "The database is away; see Retry-After",
    }.items()
}


AUTH: Any = [{"token": []}]
"""For the description alone: the statement that does the work checks the token."""


class RuntimeView(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    default_response_headers: ClassVar[dict[str, str]] = {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's, which wraps what is asked and what is answered: here only where it is refused."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        try:
            answer: HttpResponse = getattr(self, "post")(request, *args, **kwargs)  # noqa: B009
        except Exception as error:
            self.args, self.kwargs, self.headers = args, kwargs, {}
            self.request = self.initialize_request(request, *args, **kwargs)
            self.initial(self.request, *args, **kwargs)
            refusal = self.handle_exception(error)
            return self.finalize_response(self.request, refusal, *args, **kwargs)
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nothing to negotiate, and the statement that does the work checks the token."""
        request.accepted_renderer, request.accepted_media_type = RENDERER, RENDERER.media_type

    def get_authenticate_header(self, request: Request) -> str:
        return "Bearer"


def read_call(
    request: HttpRequest, serializer: Serializer[Any], credentials: Credentials, agent_id: UUID
) -> dict[str, Any]:
    """The checked body. Who may not call at all is told so first, whatever the body is."""
    try:
        return serializer.run_validation(_json_body(request))  # type: ignore[no-any-return]
    except Exception:
        authorise(credentials, agent_id)
        raise


def _json_body(request: HttpRequest) -> dict[str, Any]:
    """The body, without a choice of parsers: there is one."""
    media_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type not in ("", "application/json"):
        raise UnsupportedMediaType(media_type)
    return PARSER.parse(cast(IO[bytes], request))


class AssignmentsView(RuntimeView):
    @extend_schema(
        operation_id="resolve_assignment",
        tags=["Runtime"],
        auth=AUTH,
        summary="Ask for a visitor's variant",
        description="Decides the conversation at its first call; repeats the answer after that.",
        request=serializers.AssignmentCallSerializer,
        examples=[serializers.example({"visitor_id": "v-7f3a"})],
        responses={200: serializers.ResolutionSerializer, **ERRORS},
    )
    def post(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        credentials = credentials_in(request)
        body = read_call(request, ASSIGNMENT_CALL, credentials, agent_id)
        resolution = assignment.resolve(
            _call(credentials, agent_id, body.get("conversation_id"), body)
        )
        _count(resolution)
        return _json(resolution_json(resolution))


class MessagesView(RuntimeView):
    @extend_schema(
        operation_id="record_message",
        tags=["Runtime"],
        auth=AUTH,
        summary="Record a message",
        description="Safe to send again with the same id. A visitor's first message decides.",
        parameters=[OpenApiParameter("conversation_id", UUID, OpenApiParameter.PATH)],
        request=serializers.MessageCallSerializer,
        examples=[
            serializers.example(
                {"visitor_id": "v-7f3a", "role": "visitor", "content": "Do you ship to Lisbon?"}
            )
        ],
        responses={
            201: serializers.MessageSerializer,
            200: OpenApiResponse(serializers.MessageSerializer, description="Sent before"),
            **ERRORS,
        },
    )
    def post(self, request: HttpRequest, agent_id: UUID, conversation_id: str) -> HttpResponse:
        credentials = credentials_in(request)
        body = read_call(request, MESSAGE_CALL, credentials, agent_id)
        message_id = body.get("id") or new_id()
        conversation = _conversation_id(conversation_id, credentials, agent_id)
        recorded = assignment.record_message(
            _call(credentials, agent_id, conversation, body),
            Utterance(
                message_id,
                body["role"],
                body["content"],
                body.get("sent_at"),
                by_visitor=body["role"] == MessageRole.VISITOR,
            ),
        )
        if recorded.resolution is not None:
            _count(recorded.resolution)
        is_new = recorded.is_new or "id" not in body
        return _json(
            _message_json(recorded, message_id, conversation_id, body["visitor_id"]),
            status=201 if is_new else 200,
        )


class LeadsView(RuntimeView):
    @extend_schema(
        operation_id="record_lead",
        tags=["Runtime"],
        auth=AUTH,
        summary="Record a lead",
        description="One lead per agent and e-mail; sending it again updates its details, and is "
        "answered with its id alone: what is known of a lead is no matter of who sends one.",
        request=serializers.LeadCallSerializer,
        examples=[
            serializers.example({"visitor_id": "v-7f3a", "email": "ada@example.com", "name": "Ada"})
        ],
        responses={
            201: serializers.LeadSerializer,
            200: OpenApiResponse(serializers.KnownLeadSerializer, description="Updated"),
            **ERRORS,
        },
    )
    def post(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        credentials = credentials_in(request)
        body = read_call(request, LEAD_CALL, credentials, agent_id)
        recorded = leads.record_lead(leads.LeadCall(credentials, agent_id, **body))
        if not recorded.is_new:
            return _json(json.dumps({"id": str(recorded.lead.id)}).encode())
        lead = serializers.LeadSerializer(recorded.lead).data
        return _json(json.dumps(lead).encode(), status=201)


def _call(
    credentials: Credentials, agent_id: UUID, conversation_id: UUID | None, body: dict[str, Any]
) -> Call:
    call = Call(
        credentials,
        agent_id,
        conversation_id or new_id(),
        body["visitor_id"],
        body.get("playground", False),
        client_kind_of(body.get("user_agent", "")),
        begins=conversation_id is None,
    )
    return assignment.previewed(call, body["preview"]) if "preview" in body else call


def _conversation_id(text: str, credentials: Credentials, agent_id: UUID) -> UUID:
    try:
        return CONVERSATION_ID.to_internal_value(text)
    except ValidationError as error:
        authorise(credentials, agent_id)
        raise Invalid(
            [FieldError("conversation_id", "invalid", "The conversation's id must be a UUID.")]
        ) from error


def _count(resolution: Resolution) -> None:
    ASSIGNMENTS.labels(resolution.source.value).inc()


def _json(body: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", status=status)


def resolution_json(resolution: Resolution) -> bytes:
    return b'{"conversation_id": "%s", "visitor_id": %s, "source": "%s", %s}' % (
        str(resolution.conversation_id).encode(),
        json.dumps(resolution.visitor_id).encode(),
        resolution.source.encode(),
        resolution.answer.json_members,
    )


def _message_json(
    recorded: Recorded, message_id: UUID, conversation_id: str, visitor_id: str
) -> bytes:
    message = {
        "id": str(message_id),
        "conversation_id": conversation_id.lower(),
        "visitor_id": visitor_id,
        "role": recorded.role,
        "content": recorded.content,
        "sent_at": written(recorded.sent_at),
    }
    resolution = b"null" if recorded.resolution is None else resolution_json(recorded.resolution)
    return b'%s, "resolution": %s}' % (json.dumps(message)[:-1].encode(), resolution)
