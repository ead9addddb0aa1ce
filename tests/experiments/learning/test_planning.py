"""Whether an experiment can answer, and when: from the agent's own figures or from typed ones."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Conversation, Lead, Message, MessageRole
from experiments.learning.planning import Asked, plan_of
from experiments.plans.baseline import baseline_of
from experiments.plans.frozen import plan_if_started
from glozr.errors import Invalid
from tests.factories import ExperimentFactory, unused_id
from tests.roles import Cast

pytestmark = pytest.mark.django_db


def came(agent: Agent, visitors: int, converted: int, *, weeks_ago: float) -> None:
    """So many visitors with two messages each, of whom so many left a lead."""
    at = timezone.now() - timedelta(weeks=weeks_ago)
    names = [unused_id() for _ in range(visitors)]
    talks = Conversation.objects.bulk_create(
        Conversation(agent=agent, visitor_id=name, started_at=at) for name in names
    )
    Message.objects.bulk_create(
        Message(agent=agent, conversation=talk, role=MessageRole.VISITOR, content="Hi", sent_at=at)
        for talk in talks
        for _ in range(2)
    )
    Lead.objects.bulk_create(
        Lead(agent=agent, visitor_id=name, email=f"{name}@example.com", created_at=at)
        for name in names[:converted]
    )


class TestBaseline:
    def test_is_what_visitors_did_in_eight_weeks(self, agent: Agent) -> None:
        came(agent, 40, 10, weeks_ago=7.9)
        came(agent, 40, 6, weeks_ago=1)
        came(agent, 500, 500, weeks_ago=9)
        Conversation.objects.create(agent=agent, visitor_id="us", playground=True)
        found = baseline_of(agent)

        assert found.visitors == 80
        assert found.weekly == pytest.approx(80 / 7.9, rel=0.01)
        assert (found.leads.n, found.leads.value) == (80, 0.2)
        assert found.messages.value == 2

    def test_of_a_young_agent_is_the_pace_that_it_has(self, agent: Agent) -> None:
        came(agent, 30, 3, weeks_ago=2)

        assert baseline_of(agent).weekly == pytest.approx(15, rel=0.01)

    def test_of_nobody_is_nothing(self, agent: Agent) -> None:
        assert baseline_of(agent).weekly == 0

    def test_counts_sessions_as_results_do(self, agent: Agent) -> None:
        """A minute; then, after half an hour of silence, two more. Somebody else never comes back,
        and what the agent says first begins no session."""
        minutes = {"ada": [0, 1, 31, 33], "ben": [5]}
        began = timezone.now() - timedelta(days=3)
        for name, said in minutes.items():
            talk = Conversation.objects.create(agent=agent, visitor_id=name, started_at=began)
            for role, minute in [("agent", -1), *(("visitor", minute) for minute in said)]:
                at = began + timedelta(minutes=minute)
                Message.objects.create(
                    agent=agent, conversation=talk, role=role, content="Hi", sent_at=at
                )
        found = baseline_of(agent).session_length

        assert (found.n, found.denominator_sum, found.denominator_sum_squares) == (2, 3, 5)
        assert found.value == pytest.approx(180 / 3)
        assert found.numerator_sum_squares == 180**2
        assert found.sum_of_products == 360


class TestPlan:
    def test_takes_session_length_from_what_was_measured(self, agent: Agent) -> None:
        began = timezone.now() - timedelta(weeks=4)
        for number in range(60):
            talk = Conversation.objects.create(
                agent=agent, visitor_id=f"v{number}", started_at=began
            )
            for at in (began, began + timedelta(seconds=60 + 60 * (number % 3))):
                Message.objects.create(
                    agent=agent, conversation=talk, role="visitor", content="Hi", sent_at=at
                )
        plan = plan_of(agent, Asked(metric="session_length"))

        assert plan.value == 120
        # The spread is a sixth of the mean squared: far fewer than of leads.
        needed = plan.chosen.planned.need.visitors
        assert needed is not None
        assert 100 <= needed <= 200
        draft = ExperimentFactory.create(
            agent=agent,
            primary_metric="session_length",
            design="planned",
            planned_lift=0.2,
            most_looks=5,
        )
        frozen = plan_if_started(draft)
        assert frozen is not None
        assert (frozen.metric, frozen.value) == ("session_length", 120)
        assert frozen.weekly == pytest.approx(15, rel=0.01)

    def test_says_when_it_is_too_much_to_ask(self, agent: Agent) -> None:
        plan = plan_of(agent, Asked(rate=0.03, weekly=1_900 * 12 / 52))

        assert plan.words.startswith("At 1,900 visitors a month a lift under ")
        assert plan.words.endswith(
            " will not show in 8 weeks: test something bolder, or measure messages."
        )

    def test_says_how_many_weeks_it_takes(self, agent: Agent) -> None:
        plan = plan_of(agent, Asked(rate=0.1, weekly=4_000))

        assert plan.chosen.planned.need.visitors == pytest.approx(3_950, rel=0.05)
        assert plan.chosen.watched.need.visitors == pytest.approx(7_600, rel=0.02)
        weeks = plan.chosen.watched.need.weeks
        assert weeks == 5
        planned = plan.chosen.planned.need.weeks
        assert plan.words.endswith(
            f"in lead capture rate takes {planned} weeks with planned looks, or 5 weeks when "
            "watched, at the latest."
        )
        slower = plan_of(agent, Asked(rate=0.1, weekly=1_000))
        assert slower.words.endswith("Watched, it would take more than 12.")
        assert plan.chosen.planned.on == timezone.now().date() + timedelta(
            weeks=plan.chosen.planned.need.weeks or 0
        )

    def test_more_variants_need_more(self, agent: Agent) -> None:
        plan = plan_of(agent, Asked(rate=0.1, weekly=4_000))
        needed = [each.planned.need.visitors or 0 for each in plan.by_variants]

        assert needed == sorted(needed)
        assert needed[0] < needed[2]

    def test_takes_the_agents_own_figures(self, agent: Agent) -> None:
        came(agent, 200, 20, weeks_ago=4)
        plan = plan_of(agent, Asked())

        assert plan.value == 0.1
        assert plan.weekly == pytest.approx(50, rel=0.01)

    def test_of_an_empty_agent_asks_for_figures(self, agent: Agent) -> None:
        assert "Nobody has come" in plan_of(agent, Asked()).words
        assert "Type one" in plan_of(agent, Asked(weekly=100)).words

    @pytest.mark.parametrize(
        "wrong",
        [{"lift": 0}, {"variants": 5}, {"rate": 1.0}, {"weekly": 0}, {"metric": "handover_rate"}],
    )
    def test_what_is_out_of_range_is_named(self, agent: Agent, wrong: dict[str, Any]) -> None:
        with pytest.raises(Invalid) as refused:
            plan_of(agent, Asked(**wrong))
        assert [error.field for error in refused.value.errors] == list(wrong)


@pytest.mark.parametrize(
    "query",
    [
        {"window_days": ""},
        {"metric": ""},
        {"weekly": "1_000"},
        {"lift": "nan"},
        {"lift": " 0.2"},
        {"variants": "2.0"},
        {"rate": "\u0661"},
    ],
)
def test_what_is_no_number_is_refused(cast: Cast, query: dict[str, str]) -> None:
    client = Client()
    client.force_login(cast.editor)

    assert client.get(reverse("api_plan", args=[cast.agent.pk]), query).status_code == 400


def test_the_page_and_the_api_say_the_same(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.editor)
    page = client.get(
        reverse("experiment_plan", args=[cast.agent.pk]),
        {"metric": "lead_capture_rate", "lift": "20", "rate": "10", "weekly": "4000"},
    ).text
    body = client.get(
        reverse("api_plan", args=[cast.agent.pk]), {"lift": "0.2", "rate": "0.1", "weekly": "4000"}
    ).json()

    assert body["words"] in page
    assert 'id="plan-picture"' in page
    assert [each["variants"] for each in body["by_variants"]] == [2, 3, 4]
    assert [each["weeks"] for each in body["smallest_lifts"]] == [2, 4, 8, 12]
    assert (
        client.get(reverse("api_plan", args=[cast.agent.pk]), {"lift": "much"}).status_code == 400
    )
    assert (
        client.get(reverse("experiment_plan", args=[cast.agent.pk]), {"lift": "0"}).status_code
        == 400
    )
