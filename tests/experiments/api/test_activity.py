"""Leads, conversations, transcripts and histories over HTTP."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.agents.editing import edit_agent
from agents.models import Ability, Agent, LeadStatusChange, Message
from experiments import lifecycle
from experiments.models import Experiment, PendingCount
from tests.experiments.api.caller import Api
from tests.factories import (
    AgentFactory,
    ConversationFactory,
    LeadFactory,
    MessageFactory,
    unused_id,
)
from tests.roles import Cast
from tests.runtime import Answer, Runtime

pytestmark = pytest.mark.django_db

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)
NOBODY = "00000000-0000-7000-8000-000000000000"
PATHS = ("leads/", "conversations/", "history/", "leads.csv", "messages.csv", "conversations.xlsx")


def at(agent: Agent, path: str) -> str:
    return f"/api/v1/agents/{agent.pk}/{path}"


def everything(api: Api, address: str) -> list[Any]:
    """The rows of all pages, by following `next`; `previous` leads back."""
    pages = [api.call("GET", address)]
    while pages[-1]["next"]:
        pages.append(api.call("GET", pages[-1]["next"]))
    for earlier, later in itertools.pairwise(pages):
        assert api.call("GET", later["previous"])["results"] == earlier["results"]
    return [row for page in pages for row in page["results"]]


def token(agent: Agent, *abilities: str) -> Api:
    return Api(agent, key=Runtime.of(agent, *abilities).key)


class TestWhoMayRead:
    @pytest.mark.parametrize("path", PATHS)
    def test_members_and_tokens_that_may_read(self, cast: Cast, path: str) -> None:
        def status(caller: Api) -> int:
            return caller.client.get(at(cast.agent, path)).status_code

        assert [status(Api(cast.agent, user=each)) for each in cast.members] == [200] * 3
        assert status(Api(cast.agent, user=cast.outsider)) == 404
        assert status(token(cast.agent, Ability.READ)) == 200
        assert status(token(cast.agent, Ability.WRITE, Ability.RUNTIME)) == 403
        assert status(token(AgentFactory.create(), Ability.READ)) == 404
        assert status(Api(cast.agent)) == 401


class TestLeads:
    def test_are_listed_as_the_page_lists_them(
        self, api: Api, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        answer = runtime.resolve("ada")
        runtime.leave("ada", "ada@example.com", phone="+41 44", name="None")
        LeadFactory.create_batch(6, agent=agent, created_at=NOON)
        rows = everything(api, at(agent, "leads/?page_size=2"))
        assert len({row["id"] for row in rows}) == 7
        first = rows[0]
        assert (first["email"], first["phone"], first["name"]) == (
            "ada@example.com",
            "+41 44",
            "None",
        )
        assert [
            (each["id"], each["name"], each["experiment"]["id"]) for each in first["variants"]
        ] == [(answer["variant"]["id"], answer.variant, str(experiment.pk))]
        assert api.call("GET", at(agent, f"leads/{first['id']}/")).body == first

    def test_narrow_as_on_the_page(
        self, api: Api, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        variant = runtime.resolve("ada")["variant"]["id"]
        runtime.leave("ada", "ada@example.com")
        LeadFactory.create(agent=agent, email="won@example.com", status="won", created_at=NOON)

        def found(query: str) -> list[str]:
            return [
                row["email"] for row in api.call("GET", at(agent, f"leads/?{query}"))["results"]
            ]

        assert found(f"variant={variant}") == ["ada@example.com"]
        assert found(f"experiment={experiment.pk}") == ["ada@example.com"]
        assert found("status=won") == ["won@example.com"]
        assert found("search=WON@example.com") == ["won@example.com"]
        assert found("search=ad") == ["ada@example.com"]
        assert found("until=2025-11-24") == ["won@example.com"]
        assert found("since=2025-11-24T12:00:00Z&until=2025-11-24T12:00:01Z") == ["won@example.com"]
        assert found("until=2025-11-24T12:00:00Z") == []
        assert found("status=&variant=&experiment=&since=&until=&search=") != []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("status=x", "status"),
            ("variant=x", "variant"),
            (f"variant={NOBODY}", "variant"),
            (f"experiment={NOBODY}", "experiment"),
            ("since=x", "since"),
            ("since=2025-11-24T12:00:00", "since"),
            ("since=2025-02-30", "since"),
            ("since=1999-12-31", "since"),
            ("until=9999-12-31", "until"),
            ("since=2025-11-25&until=2025-11-24T00:00:00Z", "until"),
            ("search=%00", "search"),
            ("cursor=x", "cursor"),
            ("page_size=0", "page_size"),
        ],
    )
    def test_what_can_t_be_read_is_refused_by_its_field(
        self, api: Api, agent: Agent, query: str, field: str
    ) -> None:
        refused = api.call("GET", at(agent, f"leads/?{query}"))
        assert refused.status == 400
        assert [error["field"] for error in refused["errors"]] == [field]
        if field not in ("cursor", "page_size"):
            assert api.client.get(at(agent, f"leads.csv?{query}")).status_code == 400

    def test_the_runtime_still_writes_there_and_nowhere_reads(
        self, agent: Agent, runtime: Runtime
    ) -> None:
        assert runtime.leave("ada", "ada@example.com").status == 201
        answer = Api(agent, key=runtime.key).call("GET", at(agent, "leads/"))
        assert answer.status == 403


class TestLeadStatus:
    def change(self, caller: Api, lead: Any, status: Any = "won") -> Answer:
        return caller.call("PATCH", at(lead.agent, f"leads/{lead.pk}/"), {"status": status})

    def test_is_for_owners_admins_and_tokens_that_may_write(self, cast: Cast) -> None:
        lead = LeadFactory.create(agent=cast.agent)
        people = [cast.owner, cast.admin, cast.editor, cast.outsider]
        found = [self.change(Api(cast.agent, user=each), lead).status for each in people]
        assert found == [200, 200, 403, 404]
        assert self.change(token(cast.agent, Ability.WRITE), lead).status == 200
        assert self.change(token(cast.agent, Ability.READ), lead).status == 403

    def test_is_noted_and_counted_anew(self, api: Api, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)
        changed = self.change(api, lead, "qualified")
        assert (changed.status, changed["status"]) == (200, "qualified")
        assert changed["updated_at"] > changed["created_at"]
        step = LeadStatusChange.objects.get()
        assert (step.was, step.became) == ("new", "qualified")
        assert PendingCount.objects.filter(visitor_id=lead.visitor_id).exists()

    @pytest.mark.parametrize(
        "body", [{}, {"status": "x"}, {"status": None}, {"status": "won", "a": 1}]
    )
    def test_what_is_no_status_is_refused(self, api: Api, agent: Agent, body: Any) -> None:
        lead = LeadFactory.create(agent=agent)
        refused = api.call("PATCH", at(agent, f"leads/{lead.pk}/"), body)
        assert refused.status == 400
        lead.refresh_from_db()
        assert lead.status == "new"

    def test_another_agents_lead_is_not_there(self, api: Api, agent: Agent, cast: Cast) -> None:
        lead = LeadFactory.create(agent=AgentFactory.create(workspace=cast.workspace))
        refused = api.call("PATCH", at(agent, f"leads/{lead.pk}/"), {"status": "won"})
        assert refused.status == 404


class TestConversations:
    def test_are_listed_with_variant_and_messages(
        self, api: Api, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        conversation = unused_id()
        said = runtime.say("ada", conversation)
        ConversationFactory.create_batch(4, agent=agent, started_at=NOON)
        rows = everything(api, at(agent, "conversations/?page_size=2"))
        assert len(rows) == 5
        assert (rows[0]["id"], rows[0]["messages"]) == (conversation, 1)
        assert rows[0]["variant"]["name"] == said.variant
        assert rows[1]["variant"] is None
        one = api.call("GET", at(agent, f"conversations/{conversation}/"))
        assert one.body == rows[0]

    def test_try_outs_are_listed_on_demand(self, api: Api, agent: Agent) -> None:
        ConversationFactory.create(agent=agent, playground=True)
        for query, count in (("", 0), ("?playground=false", 0), ("?playground=true", 1)):
            assert len(api.call("GET", at(agent, f"conversations/{query}"))["results"]) == count
        assert api.call("GET", at(agent, "conversations/?playground=x")).status == 400

    def test_transcripts_come_as_they_were_held(self, api: Api, agent: Agent) -> None:
        conversation = ConversationFactory.create(agent=agent)
        Message.objects.bulk_create(
            Message(
                agent=agent,
                conversation=conversation,
                role="visitor",
                content=f"{n}",
                sent_at=NOON,
                received_at=NOON - timedelta(milliseconds=n),
            )
            for n in range(9)
        )
        rows = everything(api, at(agent, f"conversations/{conversation.pk}/messages/?page_size=2"))
        assert [row["content"] for row in rows] == [f"{n}" for n in reversed(range(9))]
        assert rows[0].keys() == {"id", "role", "content", "sent_at", "received_at"}
        assert rows[0]["sent_at"] == "2025-11-24T12:00:00.000000Z"

    @pytest.mark.parametrize("path", ["", "messages/"])
    def test_of_another_agent_are_not_there(
        self, api: Api, agent: Agent, cast: Cast, path: str
    ) -> None:
        other = AgentFactory.create(workspace=cast.workspace)
        message = MessageFactory.create(conversation__agent=other)
        address = at(agent, f"conversations/{message.conversation_id}/{path}")
        assert api.call("GET", address).status == 404
        assert api.call("GET", at(agent, f"conversations/nonsense/{path}")).status == 404


class TestHistories:
    def test_of_an_experiment_with_whole_texts(
        self, api: Api, agent: Agent, experiment: Experiment
    ) -> None:
        long = "Warmth sells. " * 100
        api.call("PATCH", f"{experiment.pk}/", {"hypothesis": long.strip()})
        api.call("POST", f"{experiment.pk}/start/")
        rows = everything(api, f"{api.root}{experiment.pk}/history/?page_size=1")
        assert [row["action"] for row in rows] == ["started", "edited", "created"]
        assert rows[1]["changes"] == {"hypothesis": ["", long.strip()]}
        assert (rows[1]["what"], rows[1]["subject"]) == ("edited it", experiment.name)

    def test_of_an_agent_are_its_own_events_alone(self, cast: Cast, api: Api) -> None:
        others = AgentFactory.create(workspace=cast.workspace, name=cast.agent.name)
        prompt = "Be brief. " * 500
        for agent in (cast.agent, others):
            edit_agent(
                agent,
                name=agent.name,
                persona=agent.persona,
                system_prompt=prompt,
                by=cast.admin,
            )
        (row,) = everything(api, at(cast.agent, "history/"))
        assert (row["action"], row["who"]) == ("agent_edited", str(cast.admin))
        assert row["changes"]["system_prompt"] == ["", prompt]
