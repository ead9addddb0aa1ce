"""Conversations and leads as people see them: who may, what is listed, how it narrows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, Conversation, Lead, Message, User
from experiments import lifecycle
from experiments.lifecycle import editing
from experiments.models import Assignment, Experiment, Variant
from experiments.visitors import activity
from tests.factories import (
    ConversationFactory,
    ExperimentFactory,
    LeadFactory,
    MessageFactory,
    unused_id,
)
from tests.roles import Cast
from tests.runtime import Runtime
from tests.world import MAX_QUERIES


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def editor(cast: Cast) -> Client:
    return signed_in(cast.editor)


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.admin)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent, name="Aria or Max"), by=None)


def list_of(agent: Agent) -> str:
    return reverse("conversation_list", args=[agent.pk])


def leads_of(agent: Agent) -> str:
    return reverse("lead_list", args=[agent.pk])


def listed(client: Client, address: str, **query: Any) -> list[Any]:
    response = client.get(address, {key: str(value) for key, value in query.items()})
    assert response.status_code == 200, response.text
    return list(response.context["page"].rows)


def assigned(runtime: Runtime, experiment: Experiment) -> dict[str, Conversation]:
    """By the name of each variant, the conversation of a visitor who got it."""
    found: dict[str, Conversation] = {}
    number = 0
    while len(found) < experiment.variants.count():
        answer = runtime.resolve(f"assigned-{number}")
        assert answer.variant is not None
        found.setdefault(answer.variant, Conversation.objects.get(pk=answer["conversation_id"]))
        number += 1
    return found


class TestAccess:
    @pytest.mark.parametrize("who", ["owner", "admin", "editor", "superuser"])
    def test_members_see_pages(self, who: str, cast: Cast) -> None:
        conversation = ConversationFactory.create(agent=cast.agent)
        client = signed_in(getattr(cast, who))

        for address in (list_of(cast.agent), leads_of(cast.agent), of(conversation)):
            assert client.get(address).status_code == 200

    def test_outsiders_find_nothing(self, cast: Cast) -> None:
        conversation = ConversationFactory.create(agent=cast.agent)
        client = signed_in(cast.outsider)

        for address in (list_of(cast.agent), leads_of(cast.agent), of(conversation)):
            assert client.get(address).status_code == 404

    def test_who_is_signed_out_is_asked_to_sign_in(self, cast: Cast) -> None:
        response = Client().get(list_of(cast.agent))

        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))

    def test_ids_of_elsewhere_are_not_found(self, cast: Cast, editor: Client) -> None:
        foreign = ConversationFactory.create()
        lead = LeadFactory.create()
        superuser = signed_in(cast.superuser)

        for client in (editor, superuser):
            assert client.get(transcript(cast.agent, foreign.pk)).status_code == 404
            assert client.get(transcript(cast.agent, unused_id())).status_code == 404
            assert client.get(f"/app/agents/{unused_id()}/leads/").status_code == 404
        assert superuser.post(status_of(cast.agent, lead), {"status": "won"}).status_code == 404


def transcript(agent: Agent, conversation_id: object) -> str:
    return f"/app/agents/{agent.pk}/conversations/{conversation_id}/"


def of(conversation: Conversation) -> str:
    return transcript(conversation.agent, conversation.pk)


def status_of(agent: Agent, lead: Lead) -> str:
    return reverse("lead_status", args=[agent.pk, lead.pk])


class TestConversations:
    def test_are_listed_the_newest_first_with_variant_and_messages(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        answer = runtime.resolve("visitor")
        for _ in range(3):
            runtime.say("visitor", answer["conversation_id"])
        later = ConversationFactory.create(agent=agent)
        (first, second) = editor.get(list_of(agent)).context["rows"]

        assert (first.conversation, first.variant, first.messages) == (later, None, 0)
        assert (second.variant.name, second.messages) == (answer.variant, 3)

    def test_endless_ones_are_counted_so_far(
        self, editor: Client, agent: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(activity, "COUNTED_MESSAGES", 2)
        conversation = ConversationFactory.create(agent=agent)
        MessageFactory.create_batch(3, conversation=conversation)

        assert "2+" in editor.get(list_of(agent)).text

    def test_narrow_by_variant_and_experiment(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        by_variant = assigned(runtime, experiment)
        ConversationFactory.create(agent=agent)
        stamped = set(Conversation.objects.exclude(variant_id=None))

        assert set(listed(editor, list_of(agent), experiment=experiment.pk)) == stamped
        for variant in experiment.variants.all():
            rows = listed(editor, list_of(agent), variant=variant.pk)
            assert by_variant[variant.name] in rows
            assert {row.variant_id for row in rows} == {variant.pk}

    def test_of_a_deleted_experiment_are_found_and_marked(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        runtime.resolve("visitor")
        lifecycle.delete(experiment, by=None)
        response = editor.get(list_of(agent), {"experiment": str(experiment.pk)})

        assert len(response.context["rows"]) == 1
        assert "Aria or Max (deleted)" in response.text

    def test_narrow_by_days_of_the_workspaces_zone(self, editor: Client, agent: Agent) -> None:
        agent.workspace.time_zone = "Pacific/Auckland"  # 13 hours ahead in November
        agent.workspace.save()
        for hour in (10, 11):  # 23:00 on the 24th there, midnight of the 25th
            ConversationFactory.create(
                agent=agent,
                visitor_id=f"hour-{hour}",
                started_at=datetime(2025, 11, 24, hour, tzinfo=UTC),
            )

        def visitors(**query: str) -> list[str]:
            return [row.visitor_id for row in listed(editor, list_of(agent), **query)]

        assert visitors(since="2025-11-25") == ["hour-11"]
        assert visitors(until="2025-11-24") == ["hour-10"]
        assert visitors(since="2025-11-24", until="2025-11-25") == ["hour-11", "hour-10"]

    def test_try_outs_are_shown_on_demand(self, editor: Client, agent: Agent) -> None:
        try_out = ConversationFactory.create(agent=agent, playground=True)

        assert listed(editor, list_of(agent)) == []
        assert listed(editor, list_of(agent), playground="on") == [try_out]

    @pytest.mark.parametrize("search", ["a_b", "a_b%"])
    def test_search_takes_visitor_ids_at_their_word(
        self, search: str, editor: Client, agent: Agent
    ) -> None:
        wanted = ConversationFactory.create(agent=agent, visitor_id="a_b%c")
        ConversationFactory.create(agent=agent, visitor_id="axb%c")
        ConversationFactory.create(agent=agent, visitor_id="A_b%c")

        assert listed(editor, list_of(agent), search=search) == [wanted]

    def test_filters_stay_on_the_way_through_pages(self, editor: Client, agent: Agent) -> None:
        for n in range(120):
            ConversationFactory.create(agent=agent, visitor_id=f"{'ab'[n % 2]}{n}")
        address: str | None = f"{list_of(agent)}?search=a"
        seen = []
        while address:
            response = editor.get(address)
            seen += [row.visitor_id for row in response.context["page"].rows]
            cursor = response.context["page"].next
            address = f"{list_of(agent)}?search=a&cursor={cursor}" if cursor else None
            if cursor:
                assert f'href="?search=a&amp;cursor={cursor}"' in response.text

        assert seen == [f"a{n}" for n in range(118, -1, -2)]

    @pytest.mark.parametrize(
        "query",
        [
            "since=yesterday",
            "since=9999-12-31",
            "until=0001-01-01",
            "since=2025-11-25&until=2025-11-24",
            "experiment=x",
            "variant=00000000-0000-0000-0000-000000000000",
            "search=%00",
            "cursor=x",
            "cursor=after.-99999999999999999.00000000000000000000000000000000",
        ],
    )
    def test_odd_filters_are_told(self, query: str, editor: Client, agent: Agent) -> None:
        for address in (list_of(agent), leads_of(agent)):
            response = editor.get(f"{address}?{query}")
            assert response.status_code == 400, query

    def test_variant_of_another_agent_is_no_filter(self, editor: Client, agent: Agent) -> None:
        foreign = ExperimentFactory.create()
        arm = foreign.variants.all()[0]

        for query in ({"experiment": str(foreign.pk)}, {"variant": str(arm.pk)}):
            response = editor.get(list_of(agent), query)
            assert response.status_code == 400
            assert "This agent has no such" in response.text

    def test_old_experiments_still_serve_as_filters(
        self, editor: Client, agent: Agent, experiment: Experiment
    ) -> None:
        Experiment.objects.bulk_create(
            Experiment(agent=agent, name=f"Number {n}", kind="cta") for n in range(60)
        )
        variant = experiment.variants.all()[0]

        for query in ({"experiment": str(experiment.pk)}, {"variant": str(variant.pk)}):
            response = editor.get(list_of(agent), query)
            assert response.status_code == 200
            assert "Aria or Max" in response.text


class TestTranscript:
    def test_shows_messages_in_order_with_the_persona_in_force(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        aria = assigned(runtime, experiment)["treatment"]
        MessageFactory.create(
            conversation=aria, content="Second", sent_at=datetime(2025, 1, 2, tzinfo=UTC)
        )
        MessageFactory.create(
            conversation=aria, content="First <b>", sent_at=datetime(2025, 1, 1, tzinfo=UTC)
        )
        response = editor.get(of(aria))

        assert [m.content for m in response.context["page"].rows] == ["First <b>", "Second"]
        assert "First &lt;b&gt;" in response.text
        assert response.context["transcript"].persona == {
            "name": "Aria",
            "tone": "warm and concise",
        }
        assert 'datetime="2025-01-01T00:00:00+00:00"' in response.text

    def test_keeps_the_variant_after_its_experiment_is_deleted(
        self, editor: Client, experiment: Experiment, runtime: Runtime
    ) -> None:
        conversation = assigned(runtime, experiment)["treatment"]
        lifecycle.delete(experiment, by=None)
        response = editor.get(of(conversation))

        assert response.context["transcript"].persona["name"] == "Aria"
        assert "Deleted" in response.text

    def test_of_a_call_to_action_leaves_the_agents_persona(
        self, editor: Client, agent: Agent, runtime: Runtime
    ) -> None:
        cta = editing.create(agent=agent, sent={"name": "Offer", "kind": "cta"}, by=None)
        lifecycle.start(cta, by=None)
        answer = runtime.resolve("visitor")
        response = editor.get(transcript(agent, answer["conversation_id"]))

        assert response.context["transcript"].persona == agent.persona

    def test_long_ones_come_in_pages(self, editor: Client, agent: Agent) -> None:
        conversation = ConversationFactory.create(agent=agent)
        Message.objects.bulk_create(
            Message(agent=agent, conversation=conversation, role="visitor", content=f"{n}")
            for n in range(201)
        )
        first = editor.get(of(conversation)).context["page"]
        second = editor.get(of(conversation), {"cursor": first.next}).context["page"]

        assert (len(first.rows), len(second.rows), second.next) == (200, 1, None)

    def test_names_the_visitors_leads_and_other_conversations(
        self, editor: Client, agent: Agent
    ) -> None:
        conversation = ConversationFactory.create(agent=agent, visitor_id="same")
        other = ConversationFactory.create(agent=agent, visitor_id="same")
        ConversationFactory.create(visitor_id="same")
        lead = LeadFactory.create(agent=agent, visitor_id="same")
        shown = editor.get(of(conversation)).context["transcript"]

        assert list(shown.others) == [other]
        assert list(shown.leads) == [lead]


class TestLeads:
    def test_stand_beside_the_variant_that_counts_them(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        LeadFactory.create(agent=agent, visitor_id="visitor", email="early@example.com")
        answer = runtime.resolve("visitor")
        runtime.leave("visitor", "none@example.com")
        runtime.leave("visitor", "in@example.com", conversation_id=answer["conversation_id"])
        outside = ConversationFactory.create(agent=agent, visitor_id="visitor")
        runtime.leave("visitor", "outside@example.com", conversation_id=str(outside.pk))
        counted = ["in@example.com", "none@example.com"]
        rows = editor.get(leads_of(agent)).context["rows"]

        assert [row.lead.email for row in rows if row.variants] == counted
        assert {arm.name for row in rows for arm in row.variants} == {answer.variant}
        for variant in experiment.variants.all():
            found = [row.email for row in listed(editor, leads_of(agent), variant=variant.pk)]
            assert found == (counted if variant.name == answer.variant else [])
        found = [row.email for row in listed(editor, leads_of(agent), experiment=experiment.pk)]
        assert found == counted

    def test_addresses_are_broken_before_the_at_sign(self, editor: Client, agent: Agent) -> None:
        LeadFactory.create(agent=agent, email="a&b@example.com")

        assert ">a&amp;b<wbr>@example.com</span>" in editor.get(leads_of(agent)).text

    def test_narrow_by_status_and_address(self, editor: Client, agent: Agent) -> None:
        won = LeadFactory.create(agent=agent, email="Ann@example.com", status="won")
        LeadFactory.create(agent=agent, visitor_id="known")

        assert listed(editor, leads_of(agent), status="won") == [won]
        assert listed(editor, leads_of(agent), search="ANN@example.com") == [won]
        assert len(listed(editor, leads_of(agent), search="kno")) == 1
        assert editor.get(leads_of(agent), {"status": "x"}).status_code == 400

    @pytest.mark.parametrize("who", ["owner", "admin"])
    def test_status_is_changed_by_who_may(self, who: str, cast: Cast) -> None:
        lead = LeadFactory.create(agent=cast.agent)
        response = signed_in(getattr(cast, who)).post(
            status_of(cast.agent, lead), {"status": "qualified", "query": "status=new&x=//evil"}
        )

        assert response["Location"] == f"{leads_of(cast.agent)}?status=new&x=%2F%2Fevil"
        assert [str(m) for m in get_messages(response.wsgi_request)]
        assert Lead.objects.get(pk=lead.pk).status == "qualified"

    def test_status_is_changed_in_place(self, admin: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)
        response = admin.post(
            status_of(agent, lead), {"status": "won"}, headers={"hx-request": "true"}
        )

        assert response.status_code == 200
        assert "is now won" in response.text
        assert "<html" not in response.text

    def test_editor_looks_only(self, editor: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)

        assert 'method="post"' not in editor.get(leads_of(agent)).text.split("<main", 1)[1]
        assert editor.post(status_of(agent, lead), {"status": "won"}).status_code == 403
        assert Lead.objects.get(pk=lead.pk).status == "new"

    def test_outsider_finds_no_lead(self, cast: Cast) -> None:
        lead = LeadFactory.create(agent=cast.agent)
        client = signed_in(cast.outsider)

        assert client.post(status_of(cast.agent, lead), {"status": "won"}).status_code == 404

    @pytest.mark.parametrize("status", ["", "x", "\0"])
    def test_unknown_status_is_refused(self, status: str, admin: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)

        assert admin.post(status_of(agent, lead), {"status": status}).status_code == 400

    def test_get_changes_nothing(self, admin: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)

        assert admin.get(status_of(agent, lead)).status_code == 405


@pytest.mark.parametrize("who", ["owner", "editor"])
def test_pages_take_few_queries_whatever_the_number_of_rows(
    who: str, cast: Cast, experiment: Experiment
) -> None:
    client = signed_in(getattr(cast, who))
    conversation = ConversationFactory.create(agent=cast.agent, visitor_id="busy")
    for rows in (1, 200):
        fill(cast.agent, experiment, conversation, rows)
        for address in (
            list_of(cast.agent),
            f"{list_of(cast.agent)}?experiment={experiment.pk}",
            of(conversation),
            leads_of(cast.agent),
            f"{leads_of(cast.agent)}?experiment={experiment.pk}",
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            assert len(queries) <= MAX_QUERIES, "\n".join(each["sql"][-160:] for each in queries)


def fill(agent: Agent, experiment: Experiment, busy: Conversation, rows: int) -> None:
    variants: list[Variant] = list(experiment.variants.all())
    for n in range(rows):
        visitor, variant = f"filled-{rows}-{n}", variants[n % 2]
        Assignment.objects.create(
            agent=agent, experiment=experiment, variant=variant, visitor_id=visitor
        )
        filled = ConversationFactory.create(
            agent=agent, visitor_id=visitor, variant_id=variant.pk, decided_at=busy.started_at
        )
        MessageFactory.create(conversation=filled)
        MessageFactory.create(conversation=busy)
        LeadFactory.create(agent=agent, visitor_id=visitor, conversation=filled)
        ConversationFactory.create(agent=agent, visitor_id=busy.visitor_id)
        LeadFactory.create(agent=agent, visitor_id=busy.visitor_id)
