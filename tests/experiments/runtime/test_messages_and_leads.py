"""Messages and leads are stored once, however often they are sent."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.models import Agent, Conversation, Lead, Message
from experiments import lifecycle
from tests.factories import AgentFactory, ExperimentFactory, unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


class TestMessages:
    def test_a_message_is_stored_and_answered(self, runtime: Runtime) -> None:
        conversation = unused_id()
        answer = runtime.say("ada", conversation, content="  Hi\nthere 🦊 ")
        assert answer.status == 201
        stored = Message.objects.get()
        assert stored.content == "  Hi\nthere 🦊 " == answer["content"]
        assert answer["conversation_id"] == conversation
        assert str(stored.pk) == answer["id"]

    def test_the_same_id_again_is_the_same_message(self, runtime: Runtime) -> None:
        conversation, message = unused_id(), unused_id()
        first = runtime.say("ada", conversation, id=message, content="Hello")
        again = runtime.say("ada", conversation, id=message, content="Changed")
        assert (first.status, again.status) == (201, 200)
        assert again["content"] == "Hello"
        assert again["sent_at"] == first["sent_at"]
        assert Message.objects.count() == 1

    @pytest.mark.parametrize("is_running", [False, True])
    def test_an_id_of_another_conversation_is_refused(
        self, runtime: Runtime, agent: Agent, is_running: bool
    ) -> None:
        message, conversation = unused_id(), unused_id()
        runtime.say("ada", unused_id(), id=message)
        if is_running:
            lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        refused = runtime.post(
            f"conversations/{conversation}/messages/",
            {"visitor_id": "ada", "role": "visitor", "content": "Hello", "id": message},
        )
        assert (refused.status, refused["code"]) == (409, "message_id_taken")
        assert not Conversation.objects.filter(pk=conversation).exists()

    def test_an_id_of_another_agents_message_is_refused(self, runtime: Runtime) -> None:
        message, conversation = unused_id(), unused_id()
        Runtime.of(AgentFactory.create()).say("ada", unused_id(), id=message)
        runtime.say("ada", conversation)
        for each in (conversation, unused_id()):
            refused = runtime.post(
                f"conversations/{each}/messages/",
                {"visitor_id": "ada", "role": "visitor", "content": "Hello", "id": message},
            )
            assert (refused.status, refused["code"]) == (409, "message_id_taken")
        assert Message.objects.count() == 2

    def test_late_and_out_of_order_they_keep_their_time(self, runtime: Runtime) -> None:
        conversation = unused_id()
        now = datetime.now(UTC)
        for minutes in (3, 1, 2):
            sent_at = (now - timedelta(minutes=minutes)).isoformat()
            runtime.say("ada", conversation, sent_at=sent_at)
        times = list(Message.objects.order_by("sent_at").values_list("sent_at", flat=True))
        assert times == [now - timedelta(minutes=minutes) for minutes in (3, 2, 1)]

    def test_a_human_agent_may_open_a_conversation(self, runtime: Runtime) -> None:
        assert runtime.say("ada", unused_id(), role="human_agent")["resolution"] is None


class TestLeads:
    def test_a_lead_is_new_once_and_then_updated(self, runtime: Runtime) -> None:
        first = runtime.leave("ada", "ada@example.com", name="Ada")
        again = runtime.leave("ada", "Ada@Example.com", company="Engines")
        assert (first.status, again.status) == (201, 200)
        assert (first["name"], first["status"]) == ("Ada", "new")
        assert again.body == {"id": first["id"]}
        stored = Lead.objects.get()
        assert (stored.name, stored.company) == ("Ada", "Engines")

    def test_it_stays_with_the_visitor_who_left_it_first(self, runtime: Runtime) -> None:
        runtime.leave("ada", "shared@example.com")
        update = runtime.leave("bob", "shared@example.com", phone="+41 44 000 00 00")
        assert update.status == 200
        stored = Lead.objects.get()
        assert (stored.visitor_id, stored.phone) == ("ada", "+41 44 000 00 00")

    def test_who_sends_the_address_of_a_lead_learns_nothing_that_is_known_of_it(
        self, runtime: Runtime
    ) -> None:
        runtime.leave("ada", "ada@example.com", name="Ada", phone="+41 44 000 00 00")
        Lead.objects.update(status="won")
        for visitor in ("ada", "bob"):
            answer = runtime.leave(visitor, "ada@example.com")
            assert (answer.status, set(answer.body)) == (200, {"id"})

    def test_it_may_name_the_visitors_conversation(self, runtime: Runtime) -> None:
        conversation = unused_id()
        runtime.say("ada", conversation)
        lead = runtime.leave("ada", "ada@example.com", conversation_id=conversation)
        assert lead["conversation_id"] == conversation

    def test_but_nobody_elses(self, runtime: Runtime) -> None:
        conversation = unused_id()
        runtime.say("ada", conversation)
        body = {"visitor_id": "bob", "email": "b@example.com", "conversation_id": conversation}
        assert runtime.post("leads/", body).status == 409
        assert not Lead.objects.exists()

    def test_an_unknown_conversation_is_not_found(self, runtime: Runtime, agent: Agent) -> None:
        body = {"visitor_id": "bob", "email": "b@example.com", "conversation_id": unused_id()}
        assert runtime.post("leads/", body).status == 404


class TestAddresses:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            (" a@b.example ", "a@b.example"),
            ("Ada@Example.COM", "ada@example.com"),
            ("j\u00f6rg@m\u00fcnchen.example", "j\u00f6rg@xn--mnchen-3ya.example"),
            ("jo\u0308rg@example.com", "j\u00f6rg@example.com"),
            ("\u0438\u0432\u0430\u043d@example.com", "\u0438\u0432\u0430\u043d@example.com"),
        ],
    )
    def test_are_taken_as_people_type_them(self, runtime: Runtime, typed: str, kept: str) -> None:
        runtime.leave("ada", typed)

        assert Lead.objects.get().email == kept

    @pytest.mark.parametrize(
        ("first", "again"),
        [
            ("J\u00d6RG@example.com", "j\u00f6rg@example.com"),
            ("a@M\u00dcNCHEN.example", "a@xn--mnchen-3ya.example"),
            ("\u0399\u03a9\u0391\u039d@example.com", "\u03b9\u03c9\u03b1\u03bd@example.com"),
        ],
    )
    def test_are_the_same_to_us_and_to_the_database(
        self, runtime: Runtime, first: str, again: str
    ) -> None:
        assert runtime.leave("ada", first).status == 201
        assert runtime.leave("bob", again).status == 200
        assert Lead.objects.with_email(first).get() == Lead.objects.with_email(again).get()

    @pytest.mark.parametrize(
        "typed", ["ada", "@b.example", "a b@c.example", "a@b", "m\u0131ke@b.example"]
    )
    def test_a_bad_one_is_named_alone(self, runtime: Runtime, typed: str) -> None:
        left = {"visitor_id": "ada", "email": typed, "name": "Ada", "phone": "+49 151 1"}
        answer = runtime.post("leads/", left)

        assert answer.status == 400
        assert [error["field"] for error in answer["errors"]] == ["email"]
        assert not Lead.objects.exists()
