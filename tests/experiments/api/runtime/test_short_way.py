"""The short way of the runtime's calls answers as Django's whole cycle does."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from agents.models import Ability, Agent
from agents.workspaces import tokens
from bench.replay.calls import Callers, Got, Sent, calls, differences
from experiments import lifecycle
from experiments.api.runtime import calls as runtime_calls
from experiments.api.runtime.calls import AssignmentsView
from experiments.api.serializers import AssignmentCallSerializer, MessageCallSerializer
from glozr.inputs.serializer_fields import StrictSerializer
from glozr.serving.short_way import ShortWay
from tests.agents.agents.edits import reword
from tests.factories import AgentFactory, ExperimentFactory, unused_id
from tests.runtime import Runtime

CALLS = 400


@pytest.fixture
def callers(agent: Agent) -> Callers:
    other = AgentFactory.create(workspace=agent.workspace)
    foreign = AgentFactory.create()
    lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    _, key = tokens.create_token(
        workspace=agent.workspace, name="runtime", abilities=[Ability.RUNTIME]
    )
    _, weak = tokens.create_token(workspace=agent.workspace, name="weak", abilities=[Ability.READ])
    revoked, gone = tokens.create_token(
        workspace=agent.workspace, name="gone", abilities=[Ability.RUNTIME]
    )
    tokens.revoke_token(revoked)
    return Callers(
        agents=[str(agent.pk), str(other.pk)],
        strangers=[str(foreign.pk), unused_id()],
        keys=[key],
        refused=[weak, gone],
    )


def environ_of(sent: Sent, **more: Any) -> dict[str, Any]:
    path, _, query = sent.path.partition("?")
    headers = {
        "HTTP_" + name.upper().replace("-", "_"): value for name, value in sent.headers.items()
    }
    return {
        "REQUEST_METHOD": sent.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(sent.body)) if sent.body else "",
        "wsgi.input": BytesIO(sent.body),
        "wsgi.url_scheme": "http",
        **headers,
        **more,
    }


class Ways:
    """Both of them, on what the database holds at that moment."""

    def __init__(self) -> None:
        self.usual = WSGIHandler()
        self.short = ShortWay(self.usual)

    def short_way(self, environ: dict[str, Any]) -> Got | None:
        found = self.short.answer(environ) if environ["REQUEST_METHOD"] == "POST" else None
        return _got(*found) if found else None

    def usual_way(self, environ: dict[str, Any]) -> Got:
        response: Any = self.usual.get_response(WSGIRequest(environ))
        return _got(response, list(response.items()))


def _got(response: HttpResponse, headers: list[tuple[str, str]]) -> Got:
    named = {name.lower(): value for name, value in headers}
    assert len(named) == len(headers), headers
    return Got(response.status_code, named, response.content)


@pytest.fixture
def ways() -> Ways:
    return Ways()


@pytest.mark.django_db
def test_both_ways_answer_every_call_alike(ways: Ways, callers: Callers, agent: Agent) -> None:
    taken: Counter[int] = Counter()
    for number, sent in enumerate(calls(callers, CALLS)):
        if number == CALLS // 2:
            reword(agent, prompt="Sell trips.", urgent=True)
        with _left_as_it_was():
            short = ways.short_way(environ_of(sent))
        if short is None:
            continue
        with _left_as_it_was():
            usual = ways.usual_way(environ_of(sent))
        assert not differences(sent, short, usual), sent
        assert ways.short_way(environ_of(sent))  # which leaves something for calls that follow
        taken[short.status] += 1
    assert taken.keys() >= {200, 201, 400, 401, 403, 404, 409}, taken
    assert taken.total() > CALLS // 2


def _left_as_it_was() -> Any:
    block = transaction.atomic()

    class Undone:
        def __enter__(self) -> None:
            block.__enter__()

        def __exit__(self, *error: Any) -> None:
            transaction.set_rollback(True)
            block.__exit__(*error)

    return Undone()


def ordinary(callers: Callers, **headers: str) -> Sent:
    return Sent(
        "POST",
        f"/api/v1/agents/{callers.agents[0]}/assignments/",
        b'{"visitor_id": "ada"}',
        {"Authorization": f"Bearer {callers.keys[0]}", "Content-Type": "application/json"}
        | headers,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "more",
    [
        {"CONTENT_LENGTH": str(256 * 1024 + 1)},
        {"CONTENT_LENGTH": "x"},
        {"CONTENT_TYPE": "multipart/form-data; boundary=x"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"PATH_INFO": "/api/v1/agents/x/assignments/"},
        {"PATH_INFO": "/ofrep/v1/evaluate/flags"},
    ],
    ids=str,
)
def test_what_is_not_ordinary_takes_the_usual_way(
    ways: Ways, callers: Callers, more: dict[str, str]
) -> None:
    assert ways.short_way(environ_of(ordinary(callers))) is not None
    assert ways.short_way(environ_of(ordinary(callers), **more)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("letter", ["Ā", "é", "\N{GRINNING FACE}"])
def test_the_usual_way_finds_an_address_as_it_was_sent(
    ways: Ways, callers: Callers, letter: str
) -> None:
    path = f"/api/v1/agents/{letter}/experiments/".encode().decode("latin-1")
    environ = environ_of(ordinary(callers), PATH_INFO=path)
    assert ways.short_way(environ) is None
    assert environ["PATH_INFO"] == path
    assert ways.usual_way(environ).status == 404


@pytest.mark.django_db
def test_plain_http_is_refused_and_https_told_to_browsers_where_it_is_served(
    callers: Callers, settings: LazySettings
) -> None:
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ways = Ways()
    sent = ordinary(callers)
    assert ways.short_way(environ_of(sent)) is None
    assert ways.usual_way(environ_of(sent)).status == 403
    secure = environ_of(sent, HTTP_X_FORWARDED_PROTO="https")
    with _left_as_it_was():
        usual = ways.usual_way({**secure, "wsgi.input": BytesIO(sent.body)})
    short = ways.short_way(secure)
    assert short is not None
    assert not differences(sent, short, usual)
    assert short.headers["strict-transport-security"] == "max-age=60"


@pytest.mark.django_db
def test_nothing_is_short_while_debugging(callers: Callers, settings: LazySettings) -> None:
    settings.DEBUG = True
    assert Ways().short_way(environ_of(ordinary(callers))) is None


@pytest.mark.django_db
def test_a_fault_of_ours_is_answered_and_logged_alike(
    ways: Ways,
    callers: Callers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(self: AssignmentsView, request: HttpRequest, agent_id: Any) -> HttpResponse:
        raise RuntimeError

    monkeypatch.setattr(AssignmentsView, "post", fail)
    sent = ordinary(callers, **{"X-Request-ID": "known"})
    found = []
    for way in (ways.short_way, ways.usual_way):
        caplog.clear()
        answer = way(environ_of(sent))
        lines = [(one.name, one.levelname, getattr(one, "route", None)) for one in caplog.records]
        found.append((answer, lines))
    assert found[0] == found[1]
    assert found[0][0]
    assert found[0][0].status == 500
    assert ("glozr.access", "INFO", "api_assignments") in found[0][1]


@pytest.mark.django_db(transaction=True)
def test_it_is_the_way_that_the_application_takes(runtime: Runtime) -> None:
    from glozr.wsgi import application

    callers = Callers([str(runtime.agent_id)], [], [runtime.key])
    heads: list[Any] = []
    pieces = application(environ_of(ordinary(callers)), lambda *head: heads.append(head))  # type: ignore[arg-type]
    assert b'"visitor_id": "ada"' in b"".join(pieces)
    assert isinstance(pieces, list)  # which Django's answers are not
    assert heads[0][0] == "200 OK"


def test_nothing_waits_for_requests_to_begin_and_end_but_what_the_short_way_stands_in_for() -> None:
    import glozr.wsgi  # noqa: F401

    names = {
        receiver.__name__
        for signal in (request_started, request_finished)
        for receiver in _receivers(signal)
    }
    assert names <= {"reset_queries", "close_old_connections", "close_caches", "reset_urlconf"}


def _receivers(signal: Any) -> Iterator[Any]:
    for entry in signal.receivers:
        receiver = entry[1]
        yield receiver if hasattr(receiver, "__name__") else receiver()


TEXTS = st.text(max_size=5) | st.sampled_from(["visitor", "agent", "x" * 129, "a\nb", "a\x00b"])
ANYTHING: st.SearchStrategy[Any] = (
    TEXTS | st.uuids().map(str) | st.booleans() | st.none() | st.integers() | st.just([])
)
NAMES = st.sampled_from(
    ["visitor_id", "conversation_id", "playground", "preview", "user_agent", "role", "content"]
)


@given(
    st.sampled_from([AssignmentCallSerializer(), MessageCallSerializer()]),
    st.dictionaries(NAMES, ANYTHING, min_size=1, max_size=4),
)
@limits(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_taken_at_sight_is_what_a_close_look_takes(
    serializer: StrictSerializer, body: dict[str, Any]
) -> None:
    body = {"visitor_id": "ada", "role": "visitor", "content": "Hello"} | body
    if "role" not in serializer.fields:
        del body["role"], body["content"]
    taken = serializer._taken_at_sight(body)
    try:
        looked_at = super(StrictSerializer, serializer).run_validation(body)
    except ValidationError:
        looked_at = None
    assert taken in (None, looked_at)
    if taken is not None:
        assert {type(value) for value in taken.values()} == {
            type(value) for value in looked_at.values()
        }


def test_an_ordinary_call_is_taken_at_sight() -> None:
    body = {"visitor_id": "ada", "conversation_id": unused_id(), "playground": False}
    assert runtime_calls.ASSIGNMENT_CALL._taken_at_sight(body)
    said = {"visitor_id": "ada", "role": "visitor", "content": "Two\nlines", "id": unused_id()}
    assert runtime_calls.MESSAGE_CALL._taken_at_sight(said)
