"""Which conversations are listed, what stands beside them, and how they narrow."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.models import Experiment
from experiments.visitors import activity
from tests.experiments.visitors.lists import assigned, list_of, listed
from tests.factories import ConversationFactory, MessageFactory
from tests.runtime import Runtime


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
