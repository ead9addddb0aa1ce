"""How many statements a runtime call takes, authentication included, and that they are prepared."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from agents.models import Agent, ApiToken
from experiments import lifecycle
from experiments.models import Experiment
from experiments.runtime.statements import AUTHORISE
from glozr.postgres.statements import Prepared
from tests.agents.agents.edits import reword
from tests.experiments.schedules.moments import from_now, given
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


@pytest.fixture(autouse=True)
def warm(runtime: Runtime, experiment: Experiment) -> None:
    """The agent's set-up and both its answers are known, and the token's use is noted."""
    for number in range(20):
        runtime.resolve(f"somebody-{number}")


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Everything that is sent to the database, whichever cursor sends it."""
    sent: list[str] = []
    with monkeypatch.context() as patched:
        for kind, name in ((psycopg.Cursor, "execute"), (Prepared, "send")):
            send = getattr(kind, name)

            def noting(
                self: object, query: object, *args: object, send: Any = send, **options: object
            ) -> object:
                sent.append(str(query))
                return send(self, query, *args, **options)

            patched.setattr(kind, name, noting)
        yield sent


def test_one_for_a_returning_visitor(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = runtime.resolve("ada")["conversation_id"]
    with statements(monkeypatch) as sent:
        runtime.resolve("ada")
        assert len(sent) == 1
        runtime.resolve("ada", conversation_id=conversation)
        assert len(sent) == 2


def test_two_for_a_new_one(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as sent:
        assert runtime.resolve("ada")["source"] == "new"
    assert len(sent) == 2


@pytest.mark.parametrize(
    "end",
    [{"ends_at": from_now(minutes=1)}, {"ends_at": from_now(minutes=-1)}, {"ends_at_visitors": 1}],
)
def test_two_for_a_new_one_before_and_after_an_end(
    runtime: Runtime, experiment: Experiment, monkeypatch: pytest.MonkeyPatch, end: dict[str, Any]
) -> None:
    given(experiment, **end)
    for number in range(20):
        runtime.resolve(f"visitor-{number}")  # both answers, at the new version
    with statements(monkeypatch) as sent:
        runtime.resolve("ada")
    assert len(sent) == 2


def test_one_for_a_message_and_two_for_a_new_visitors_first(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = unused_id()
    with statements(monkeypatch) as sent:
        runtime.say("ada", conversation)
        assert len(sent) == 2
        runtime.say("ada", conversation)
        assert len(sent) == 3


def test_two_for_a_returning_visitors_first_message(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.resolve("ada")
    conversation = unused_id()
    with statements(monkeypatch) as sent:
        runtime.say("ada", conversation, "agent")
        assert len(sent) == 2
        assert runtime.say("ada", conversation)["resolution"]["source"] == "visitor"
        assert len(sent) == 4


def test_two_for_a_new_visitor_in_a_conversation_that_the_caller_names(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with statements(monkeypatch) as sent:
        assert runtime.resolve("ada", conversation_id=unused_id())["source"] == "new"
        assert len(sent) == 2
        assert runtime.resolve("ada", conversation_id=unused_id())["source"] == "visitor"
    assert len(sent) == 4


def test_one_for_a_lead(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as sent:
        runtime.leave("ada", "ada@example.com")
    assert len(sent) == 1


def test_one_where_no_experiment_runs(
    runtime: Runtime, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.stop(experiment, by=None)
    runtime.resolve("ada")
    with statements(monkeypatch) as sent:
        runtime.resolve("bob")
    assert len(sent) == 1


def test_one_for_a_conversation_under_way_after_edits(
    runtime: Runtime, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = runtime.resolve("ada")["conversation_id"]
    reword(agent, prompt="Sell trips.")
    runtime.resolve("ada", conversation_id=conversation)  # its answer, at the new version
    with statements(monkeypatch) as sent:
        runtime.say("ada", conversation)
    assert len(sent) == 1
    reword(agent, prompt="Sell hotels.", urgent=True)
    for number in range(20):
        runtime.resolve(f"somebody-{number}")  # both answers, at the urgent revision
    with statements(monkeypatch) as sent:
        assert runtime.say("ada", conversation)["resolution"]["revision"] == 3
    assert len(sent) == 1


def test_the_gate_finds_a_token_by_the_index_of_each_of_its_keys(agent: Agent) -> None:
    parameters = {"digest": "x", "client": None, "agent": agent.pk}
    ApiToken.objects.bulk_create(
        ApiToken(workspace=agent.workspace, name=f"Token {n}", digest=str(n), abilities=["runtime"])
        for n in range(500)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE api_tokens")
        cursor.execute("SET LOCAL enable_seqscan = off")  # which is the cheapest for so few rows
        cursor.execute(f"EXPLAIN {AUTHORISE}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    for column in ("digest", "previous_digest"):
        assert re.search(rf"Index Scan (using|on) api_tokens_{column}_", plan), plan


@pytest.mark.django_db(transaction=True)
def test_all_of_them_are_prepared_on_the_server(runtime: Runtime) -> None:
    conversation = unused_id()
    runtime.say("ada", conversation)
    runtime.leave("ada", "ada@example.com")
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = [statement for (statement,) in cursor.fetchall()]
    for table in ("conversations", "experiment_assignments", "messages", "leads"):
        assert any(f"INSERT INTO {table}" in statement for statement in prepared), table
