"""What counts of a visitor: what happened within the span, and was received in time."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from agents.models import (
    Agent,
    Conversation,
    Lead,
    LeadRepeat,
    LeadStatusChange,
    Message,
    MessageRole,
)
from experiments import lifecycle
from experiments.models import Assignment, Experiment, PendingCount
from experiments.results import rollup, verification
from experiments.visitors.lead_status import change_lead_status
from tests.factories import ExperimentFactory
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

T = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days")
)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


class Past:
    """A visitor whose deeds are written as they were received, long ago."""

    def __init__(self, experiment: Experiment, name: str = "ada", at: datetime = T) -> None:
        self.experiment, self.agent, self.name = experiment, experiment.agent, name
        self.variant = experiment.variants.all()[0]
        self.assigned = Assignment.objects.create(
            agent=self.agent,
            experiment=experiment,
            variant=self.variant,
            visitor_id=name,
            assigned_at=at,
        )

    def talk(
        self, *offsets: timedelta, role: str = "visitor", late: timedelta = SECOND
    ) -> Conversation:
        """A new conversation with a message at each offset."""
        at = T + offsets[0]
        conversation = Conversation.objects.create(
            agent=self.agent,
            visitor_id=self.name,
            variant_id=self.variant.pk,
            decided_at=at,
            started_at=at,
        )
        self.say(conversation, *offsets, role=role, late=late)
        return conversation

    def say(
        self,
        conversation: Conversation,
        *offsets: timedelta,
        role: str = "visitor",
        late: timedelta = SECOND,
    ) -> None:
        Message.objects.bulk_create(
            Message(
                agent=self.agent,
                conversation=conversation,
                role=MessageRole(role),
                content="Hello",
                sent_at=T + offset,
                received_at=T + offset + late,
            )
            for offset in offsets
        )

    def leave(self, offset: timedelta, conversation: Conversation | None = None) -> Lead:
        return Lead.objects.create(
            agent=self.agent,
            visitor_id=self.name,
            conversation=conversation,
            email=f"{uuid4()}@example.com",
            created_at=T + offset,
        )

    @property
    def figures(self) -> Assignment:
        PendingCount.objects.create(agent=self.agent, visitor_id=self.name)
        assert rollup.bring_up_to_date(self.agent.pk, seconds=10)
        for each in Experiment.objects.of_agent(self.agent.pk):
            assert verification.departures(each) == []
        return Assignment.objects.get(pk=self.assigned.pk)


@pytest.fixture
def ada(experiment: Experiment) -> Past:
    return Past(experiment)


class TestTheSpan:
    def test_ends_with_the_window(self, ada: Past) -> None:
        ada.talk(MINUTE, 7 * DAY - SECOND, 7 * DAY, 8 * DAY)
        ada.leave(7 * DAY)

        assert (ada.figures.messages, ada.figures.leads) == (2, 0)

    def test_is_as_long_as_the_experiment_says(self, ada: Past) -> None:
        Experiment.objects.filter(pk=ada.experiment.pk).update(window_days=1)
        ada.talk(MINUTE, DAY - SECOND, DAY)
        ada.leave(DAY - SECOND)

        assert (ada.figures.messages, ada.figures.leads) == (2, 1)

    def test_ends_where_another_experiment_begins_for_the_visitor(self, ada: Past) -> None:
        other = Past(ExperimentFactory.create(agent=ada.agent), at=T + DAY)
        ada.talk(MINUTE, DAY - SECOND, DAY, 2 * DAY)
        ada.leave(DAY + HOUR)
        other.talk(DAY + HOUR)

        assert (ada.figures.messages, ada.figures.leads) == (2, 0)
        assert (other.figures.messages, other.figures.leads) == (1, 1)

    def test_is_not_cut_by_another_visitor_or_agent(self, ada: Past) -> None:
        bob = Past(ExperimentFactory.create(agent=ada.agent), name="bob", at=T + DAY)
        namesake = Past(ExperimentFactory.create(), name="ada", at=T + DAY)
        ada.talk(MINUTE, 2 * DAY)

        PendingCount.objects.create(agent=bob.agent, visitor_id="bob")
        assert namesake.figures.messages == 0
        assert ada.figures.messages == 2

    def test_begins_with_the_conversation_that_brought_the_assignment(self, ada: Past) -> None:
        """The first message is sent before the assignment that it brings."""
        ada.talk(-2 * MINUTE, MINUTE)

        assert (ada.figures.messages, float(ada.figures.seconds)) == (2, 180.0)

    def test_takes_what_is_late_for_a_day(self, ada: Past) -> None:
        ada.talk(MINUTE)
        ada.talk(7 * DAY - HOUR, late=DAY + HOUR)
        ada.talk(7 * DAY - HOUR, late=DAY + HOUR + SECOND)

        assert ada.figures.messages == 2

    def test_conversations_begun_after_it_are_not_counted(self, ada: Past) -> None:
        ada.talk(MINUTE)
        ada.talk(8 * DAY)

        assert ada.figures.conversations == 1


class TestSessions:
    def test_end_before_half_an_hour_of_silence(self, ada: Past) -> None:
        ada.talk(0 * MINUTE, 29 * MINUTE, 59 * MINUTE, 60 * MINUTE)

        assert (ada.figures.sessions, float(ada.figures.seconds)) == (2, 29 * 60 + 60)

    def test_begin_with_a_visitor_and_end_with_anybody(self, ada: Past) -> None:
        talk = ada.talk(MINUTE)
        ada.say(talk, 0 * MINUTE, 3 * MINUTE, role="agent")

        assert (ada.figures.sessions, float(ada.figures.seconds)) == (1, 120.0)

    def test_an_answer_days_later_is_none(self, ada: Past) -> None:
        talk = ada.talk(0 * MINUTE, MINUTE)
        ada.say(talk, 3 * DAY, role="human_agent")

        assert (ada.figures.sessions, float(ada.figures.seconds)) == (1, 60.0)
        assert ada.figures.handed_over

    def test_of_two_conversations_at_once_are_two(self, ada: Past) -> None:
        ada.talk(0 * MINUTE, 2 * MINUTE)
        ada.talk(MINUTE, 4 * MINUTE)

        assert (ada.figures.sessions, float(ada.figures.seconds)) == (2, 300.0)

    def test_an_agent_that_speaks_to_nobody_makes_none(self, ada: Past) -> None:
        ada.talk(MINUTE, 2 * MINUTE, role="agent")

        assert (ada.figures.conversations, ada.figures.sessions) == (1, 0)


class TestMessages:
    def test_are_counted_up_to_a_hundred_of_a_visitor(self, ada: Past) -> None:
        ada.talk(*(number * SECOND for number in range(60)))
        ada.talk(*(number * SECOND for number in range(60, 101)))

        assert (ada.figures.messages, ada.figures.is_capped) == (100, True)

    def test_a_hundred_are_not_too_many(self, ada: Past) -> None:
        talk = ada.talk(*(number * SECOND for number in range(100)))
        ada.say(talk, 100 * SECOND, role="agent")

        assert (ada.figures.messages, ada.figures.is_capped) == (100, False)
        assert float(ada.figures.seconds) == 100.0

    def test_what_follows_the_hundredth_lengthens_no_session(self, ada: Past) -> None:
        ada.talk(*(number * MINUTE for number in range(500)))

        assert (ada.figures.sessions, float(ada.figures.seconds)) == (1, 99 * 60.0)


class TestLeads:
    def test_may_cross_with_the_assignment(self, ada: Past) -> None:
        ada.leave(-5 * SECOND)
        ada.leave(-5.1 * SECOND)

        assert ada.figures.leads == 1

    def test_that_were_known_count_when_left_again(self, ada: Past) -> None:
        lead = ada.leave(-30 * DAY)
        for offset in (HOUR, 2 * HOUR):
            LeadRepeat.objects.create(
                agent=ada.agent, lead=lead, visitor_id="ada", left_at=T + offset
            )

        assert ada.figures.leads == 1

    def test_are_whatever_they_had_become_by_the_end(self, ada: Past) -> None:
        won, lost = ada.leave(HOUR), ada.leave(HOUR)
        self.step(won, "new", "contacted", DAY)
        self.step(won, "contacted", "won", 8 * DAY + SECOND)
        self.step(lost, "new", "won", DAY)
        self.step(lost, "won", "lost", 2 * DAY)

        assert (ada.figures.qualified, ada.figures.won) == (True, False)
        LeadStatusChange.objects.filter(became="lost").delete()
        assert ada.figures.won

    def test_that_only_changed_later_were_what_they_were(self, ada: Past) -> None:
        lead = ada.leave(HOUR)
        Lead.objects.filter(pk=lead.pk).update(status="won")
        self.step(lead, "new", "won", 9 * DAY)

        assert (ada.figures.leads, ada.figures.qualified, ada.figures.won) == (1, False, False)

    def step(self, lead: Lead, was: str, became: str, offset: timedelta) -> None:
        LeadStatusChange.objects.create(
            agent=lead.agent, lead=lead, was=was, became=became, changed_at=T + offset
        )


class TestThroughTheDoors:
    def test_a_known_contact_left_again_counts_for_whoever_leaves_it(
        self, runtime: Runtime, agent: Agent
    ) -> None:
        runtime.leave("ada", "ada@example.com")
        experiment = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        Lead.objects.update(created_at=T)
        for visitor in ("ada", "bob"):
            runtime.resolve(visitor)
            assert runtime.leave(visitor, "ada@example.com").status == 200
        assert rollup.bring_up_to_date(agent.pk, seconds=10)

        rows = Assignment.objects.filter(experiment=experiment)
        assert {row.visitor_id: row.leads for row in rows} == {"ada": 1, "bob": 1}
        assert Lead.objects.get().visitor_id == "ada"

    def test_a_status_counts_for_everybody_who_left_the_lead(
        self, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        for visitor in ("ada", "bob"):
            runtime.resolve(visitor)
            runtime.leave(visitor, "ada@example.com")
        assert rollup.bring_up_to_date(agent.pk, seconds=10)
        change_lead_status(Lead.objects.get(), status="won")
        assert rollup.bring_up_to_date(agent.pk, seconds=10)

        rows = Assignment.objects.filter(experiment=experiment)
        assert {row.visitor_id: row.won for row in rows} == {"ada": True, "bob": True}
        assert verification.departures(experiment) == []

    def test_a_second_assignment_cuts_what_was_counted_of_the_first(
        self, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        ahead = (datetime.now(UTC) + 4 * MINUTE).isoformat()
        conversation = runtime.resolve("ada")["conversation_id"]
        runtime.say("ada", conversation, sent_at=ahead)
        assert rollup.bring_up_to_date(agent.pk, seconds=10)
        assert Assignment.objects.get().messages == 1
        lifecycle.stop(experiment, by=None)
        lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        runtime.resolve("ada")
        assert rollup.bring_up_to_date(agent.pk, seconds=10)

        assert Assignment.objects.get(experiment=experiment).messages == 0
        assert verification.departures(experiment) == []
