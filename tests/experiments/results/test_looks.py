"""Looks at planned experiments: taken when they are due, once, and kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Agent
from experiments import lifecycle
from experiments.lifecycle import OnConflict
from experiments.models import Assignment, Experiment, LeftOutRule, Look, PendingCount, RuleKind
from experiments.results.looks.taking import take_due_looks
from experiments.results.report import ExperimentResults, results_in_brief, results_of
from experiments.results.verdicts import VerdictKind
from experiments.statistics import Proportion, holm
from experiments.statistics.looks import look_bounds
from experiments.statistics.planned import take_look
from tests.experiments.results.planned import plan_now, start_planned, week_of, weeks_pass
from tests.factories import ExperimentFactory, persona_variants
from tests.threads import at_once
from tests.visits import arrive

pytestmark = pytest.mark.django_db

ALIKE = ((100, 30), (100, 31))
APART = ((100, 30), (100, 62))


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return start_planned(agent)


def verdict_kind(experiment: Experiment) -> str:
    return results(experiment).headline.kind


def results(experiment: Experiment) -> ExperimentResults:
    return results_of(Experiment.objects.get(pk=experiment.pk))


def numbers(experiment: Experiment) -> list[int]:
    return [look.number for look in experiment.looks.all()]


class TestTaking:
    def test_none_before_it_is_due(self, experiment: Experiment) -> None:
        week_of(experiment, *APART)
        assert not take_due_looks()
        weeks_pass(experiment, 0.999)
        assert not take_due_looks()
        assert not experiment.looks.exists()

    def test_is_of_the_visitors_whose_span_had_closed(self, experiment: Experiment) -> None:
        week_of(experiment, (110, 30), (105, 41))
        week_of(experiment, (300, 1), (300, 299))  # whose spans are open
        assert take_due_looks()
        (look,) = experiment.looks.all()
        plan = plan_now(experiment)
        assert look.fraction == 105 / plan.visitors
        found = take_look(Proportion(110, 30), [Proportion(105, 41)], look.fraction, lift=0.4)
        assert tuple(look.statistics) == found.taken.statistics
        assert look.bound == found.bound
        assert look.due_at == plan.due_at(1)
        assert not look.is_last
        experiment.refresh_from_db()
        assert experiment.next_look_at == plan.due_at(2)

    def test_says_the_same_however_late(self, experiment: Experiment) -> None:
        week_of(experiment, *ALIKE)
        week_of(experiment, *APART)
        week_of(experiment, *APART)
        assert take_due_looks()  # two at once: nobody was there for a week
        first, second = experiment.looks.all()
        alike = [Proportion(*each) for each in ALIKE]
        both = [Proportion(200, 60), Proportion(200, 93)]
        earlier = take_look(alike[0], alike[1:], first.fraction)
        assert tuple(first.statistics) == earlier.taken.statistics
        later = take_look(both[0], both[1:], second.fraction, [earlier.taken])
        assert tuple(second.statistics) == later.taken.statistics

    def test_is_never_taken_again(self, experiment: Experiment) -> None:
        week_of(experiment, *ALIKE)
        week_of(experiment, *ALIKE)
        take_due_looks()
        (before,) = Look.objects.values()
        gone = Assignment.objects.filter(experiment=experiment).values_list("visitor_id")[:20]
        for (visitor,) in gone:
            LeftOutRule.objects.create(
                workspace=experiment.agent.workspace, kind=RuleKind.VISITOR, value=visitor
            )
            PendingCount.objects.create(agent=experiment.agent, visitor_id=visitor)
        assert not take_due_looks()
        assert list(Look.objects.values()) == [before]

    def test_the_last_comes_with_the_planned_visitors(self, experiment: Experiment) -> None:
        week_of(experiment, (300, 90), (290, 95))
        week_of(experiment, *ALIKE)
        take_due_looks()
        (look,) = experiment.looks.all()
        assert look.fraction > 1  # overrun
        assert look.is_last
        weeks_pass(experiment, 5)
        assert not take_due_looks()

    def test_or_with_the_planned_end_when_all_is_spent(self, experiment: Experiment) -> None:
        for _ in range(4):
            week_of(experiment, (60, 20), (60, 21))
            take_due_looks()
        first, *_, last = experiment.looks.all()
        assert (first.number, first.missed) == (1, "too_few_visitors")
        assert (last.number, last.is_last) == (3, True)
        assert last.fraction < 1
        fractions = [look.fraction for look in experiment.looks.filter(missed="")]
        assert last.bound == pytest.approx(look_bounds(fractions, is_last=True)[-1])

    def test_a_variant_without_visitors_lets_none_be_taken(self, experiment: Experiment) -> None:
        for _ in range(4):
            week_of(experiment, (1, 1), (0, 0))
        take_due_looks()
        assert [look.missed for look in experiment.looks.all()] == ["no_visitors"] * 3
        found = results(experiment).headline
        assert found.kind == VerdictKind.COUNTS
        assert "a variant had no visitors" in found.answer

    def test_too_few_with_a_lead_let_none_be_taken(self, experiment: Experiment) -> None:
        week_of(experiment, (120, 24), (120, 40))
        week_of(experiment, (120, 24), (120, 40))
        take_due_looks()
        assert [look.missed for look in experiment.looks.all()] == ["too_few_outcomes"]

    def test_of_one_that_ends_early_the_last_comes_with_final_figures(
        self, experiment: Experiment
    ) -> None:
        week_of(experiment, (130, 40), (130, 60))
        lifecycle.stop(experiment, by=None)
        weeks_pass(experiment, 1.1)
        take_due_looks()
        assert [look.is_last for look in experiment.looks.all()] == [False]
        weeks_pass(experiment, 0.1)
        assert take_due_looks()
        first, last = experiment.looks.all()
        assert (last.number, last.is_last, last.missed) == (2, True, "")
        assert last.fraction == first.fraction  # that look again, with all left to spend
        assert last.bound is not None
        assert first.bound is not None
        assert last.bound < first.bound
        assert results(experiment).standing.next is None  # type: ignore[union-attr]

    def test_goes_on_when_it_is_started_again_in_time(self, experiment: Experiment) -> None:
        week_of(experiment, *ALIKE)
        lifecycle.stop(experiment, by=None)
        lifecycle.start(experiment, by=None)
        week_of(experiment, *ALIKE)
        take_due_looks()
        assert [look.is_last for look in experiment.looks.all()] == [False]

    def test_none_at_a_watched_one(self, agent: Agent) -> None:
        watched = ExperimentFactory.create(agent=agent, expected_value=0.3, expected_weekly=200)
        lifecycle.start(watched, by=None)
        week_of(watched, *ALIKE)
        weeks_pass(watched, 20)
        assert not take_due_looks()

    @pytest.mark.django_db(transaction=True)
    def test_several_background_processes_take_each_once(self, agent: Agent) -> None:
        busy = start_planned(agent)
        for _ in range(3):
            week_of(busy, *ALIKE)
        at_once([take_due_looks] * 6)
        assert numbers(busy) == [1, 2]
        at_once([take_due_looks] * 6)
        assert numbers(busy) == [1, 2]

    def test_one_that_fails_does_not_keep_others_waiting(
        self, agent: Agent, experiment: Experiment, caplog: pytest.LogCaptureFixture
    ) -> None:
        other = ExperimentFactory.create(
            agent=agent,
            variants=persona_variants(),
            design="planned",
            planned_lift=0.4,
            most_looks=12,
            expected_value=0.3,
            expected_weekly=200,
        )
        lifecycle.start(other, by=None, on_conflict=OnConflict.KEEP_RUNNING)
        now = timezone.now()
        Experiment.objects.filter(pk=experiment.pk).update(
            plan={"broken": True}, next_look_at=now - timedelta(days=2)
        )
        Experiment.objects.filter(pk=other.pk).update(next_look_at=now - timedelta(days=1))
        assert take_due_looks()
        assert numbers(other) == [1]
        assert "No look could be taken" in caplog.text


class TestVerdict:
    def test_there_is_none_between_looks(self, experiment: Experiment) -> None:
        week_of(experiment, *APART)
        week_of(experiment, *APART)
        found = results(experiment)  # due, and not taken yet
        assert found.headline.kind == VerdictKind.BETWEEN
        assert (
            f"100 of {plan_now(experiment).visitors:,} visitors a variant" in found.headline.answer
        )
        assert found.headline.advice == "Look 1 of 3 is due, and is taken in a moment."
        for metric in found.metrics:
            for row in metric.rows[1:]:
                assert row.comparison is not None
                if metric.metric.is_guardrail:
                    continue
                assert row.comparison.relative.interval is None
                assert row.comparison.p_value is None
                assert not row.comparison.decided
            for curve in metric.curves:
                for point in curve.points:
                    assert metric.metric.is_guardrail or point.comparison.absolute.interval is None
                assert curve.points[-1].comparison.treatment.visitors == 200

    def test_a_look_decides_and_it_stays_decided(self, experiment: Experiment) -> None:
        week_of(experiment, *APART)
        week_of(experiment, (100, 60), (100, 20))  # turns round
        take_due_looks()
        found = results(experiment)
        assert found.headline.kind == VerdictKind.DECIDED
        assert "treatment is better than control" in found.headline.answer
        assert "at all their looks together" in found.headline.certainty
        (control, treatment) = found.metrics[0].rows
        assert (control.own.visitors, treatment.own.value) == (100, 0.62)
        assert treatment.comparison is not None
        assert treatment.comparison.relative.interval is not None
        assert treatment.comparison.relative.interval.lower > 0
        for _ in range(2):
            week_of(experiment, *ALIKE)
            take_due_looks()
        assert verdict_kind(experiment) == VerdictKind.DECIDED
        brief = results_in_brief(Experiment.objects.get(pk=experiment.pk), is_complete=True)
        assert brief.headline.kind == VerdictKind.DECIDED

    def test_one_that_decides_nothing_says_so_and_when_the_next_is(
        self, experiment: Experiment
    ) -> None:
        week_of(experiment, *ALIKE)
        week_of(experiment, *ALIKE)
        take_due_looks()
        found = results(experiment).headline
        assert found.kind == VerdictKind.BETWEEN
        assert found.certainty.startswith("Look 1 of 3 on ")
        assert found.certainty.endswith("decided nothing.")
        due = plan_now(experiment).due_at(2)
        assert found.advice == f"Look 2 of 3 comes on {due:%A} {due.day} {due:%B}."

    def test_futile_is_said(self, experiment: Experiment) -> None:
        week_of(experiment, (120, 45), (120, 30))
        week_of(experiment, *ALIKE)
        take_due_looks()
        found = results(experiment).headline
        assert found.certainty.endswith("found it futile.")
        assert "You may as well stop" in found.advice

    def test_after_the_last_it_says_what_was_not_shown(self, experiment: Experiment) -> None:
        for _ in range(4):
            week_of(experiment, *ALIKE)
            take_due_looks()
        found = results(experiment)
        assert found.headline.kind == VerdictKind.OPEN
        assert found.headline.answer.startswith("No difference shown between control and treatment")
        assert found.headline.advice.startswith("The looks are over.")
        assert found.standing is not None
        assert found.standing.next is None
        comparison = found.metrics[0].rows[1].comparison
        assert comparison is not None
        assert comparison.relative.interval is not None

    def test_is_about_the_primary_metric(self, agent: Agent) -> None:
        made = start_planned(
            agent, primary_metric="messages_per_visitor", expected_value=3, planned_lift=0.3
        )
        week_of(made, *APART)
        found = results(made)
        assert found.metrics[0].metric.key == "messages_per_visitor"
        assert found.metrics[0].is_primary
        assert [metric.is_primary for metric in found.metrics[1:]] == [False] * 5

    def test_a_split_that_cannot_be_comes_before_all(self, experiment: Experiment) -> None:
        week_of(experiment, (400, 130), (100, 62))
        week_of(experiment, *ALIKE)
        take_due_looks()
        assert verdict_kind(experiment) == VerdictKind.ALARM


class TestSecondaryMetrics:
    def test_are_corrected_among_themselves(self, agent: Agent) -> None:
        watched = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        at = timezone.now() - timedelta(hours=1)
        arrive(watched, ((150, 40), (0, 0)), at=at, messages=2)
        arrive(watched, ((0, 0), (150, 40)), at=at, messages=3)
        found = {metric.metric.key: metric for metric in results_of(watched).metrics}
        primary = found["lead_capture_rate"].rows[1].comparison
        assert primary is not None
        assert primary.adjusted_p_value == primary.p_value
        secondary = [
            metric.rows[1].comparison
            for key, metric in found.items()
            if key not in ("lead_capture_rate", "handover_rate")
        ]
        adjusted = [each.adjusted_p_value for each in secondary if each is not None]
        assert adjusted == holm([each.p_value for each in secondary if each is not None])
        assert len(adjusted) == 4


def test_nothing_of_looks_is_asked_of_a_watched_one(
    agent: Agent,
) -> None:
    watched = lifecycle.start(
        ExperimentFactory.create(agent=agent, expected_value=0.3, expected_weekly=200), by=None
    )
    found = results(watched)
    assert found.standing is not None
    assert found.standing.looks == ()
    assert found.headline.kind == VerdictKind.COUNTS
