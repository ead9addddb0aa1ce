"""A conversation as it was held, with what is known of its visitor."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.test import Client
from django.urls import reverse

from agents.models import Agent, Message
from experiments import lifecycle
from experiments.lifecycle import editing
from experiments.models import Experiment
from tests.agents.agents.edits import reword
from tests.experiments.visitors.lists import assigned, of, transcript
from tests.factories import ConversationFactory, LeadFactory, MessageFactory
from tests.runtime import Runtime


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

    def test_keeps_the_agent_as_it_was_unless_an_urgent_edit_reached_it(
        self, editor: Client, agent: Agent, runtime: Runtime
    ) -> None:
        answer = runtime.resolve("visitor")
        reword(agent, tone="dry")
        response = editor.get(transcript(agent, answer["conversation_id"]))
        assert response.context["transcript"].persona == answer["persona"]
        assert reverse("agent_revision", args=[agent.pk, 1]) in response.text

        reword(agent, tone="never say that", urgent=True)
        address = transcript(agent, answer["conversation_id"])
        assert editor.get(address).context["transcript"].revision == 1
        runtime.say("visitor", answer["conversation_id"])
        reached = editor.get(address).context["transcript"]
        assert (reached.revision, reached.persona["tone"]) == (3, "never say that")

    def test_long_ones_come_in_pages(self, editor: Client, agent: Agent) -> None:
        conversation = ConversationFactory.create(agent=agent)
        Message.objects.bulk_create(
            Message(agent=agent, conversation=conversation, role="visitor", content=f"{n}")
            for n in range(201)
        )
        first = editor.get(of(conversation)).context["page"]
        second = editor.get(of(conversation), {"cursor": first.next}).context["page"]

        assert (len(first.rows), len(second.rows), second.next) == (200, 1, None)

    def test_what_was_sent_at_one_moment_stands_as_it_came(
        self, editor: Client, agent: Agent
    ) -> None:
        """However the ids fall: clients choose those, and clocks of whole seconds are common."""
        conversation = ConversationFactory.create(agent=agent)
        moment = datetime(2025, 1, 1, tzinfo=UTC)
        Message.objects.bulk_create(
            Message(
                id=UUID(int=1_000 - n),
                agent=agent,
                conversation=conversation,
                role="visitor",
                content=f"{n}",
                sent_at=moment,
                received_at=moment + timedelta(milliseconds=n),
            )
            for n in range(450)
        )
        pages = [editor.get(of(conversation)).context["page"]]
        while pages[-1].next:
            pages.append(editor.get(of(conversation), {"cursor": pages[-1].next}).context["page"])
        back = editor.get(of(conversation), {"cursor": pages[-1].previous}).context["page"]

        assert [row.content for page in pages for row in page.rows] == [f"{n}" for n in range(450)]
        assert back.rows == pages[-2].rows

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
