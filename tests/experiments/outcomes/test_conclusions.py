"""Conclude, put into use, take back."""

from datetime import timedelta
from typing import Any

import pytest

from agents.agents.dependents import source_of_persona
from agents.models import Agent, WorkspaceAction
from experiments import lifecycle
from experiments.lifecycle import Schedule, editing, narrative
from experiments.models import Action, Conclusion, Experiment, Kind, Outcome
from experiments.outcomes.conclusions import (
    Decision,
    conclude,
    edit_learned,
    put_into_use,
    take_out_of_use,
)
from experiments.outcomes.proposals import proposals_of
from experiments.outcomes.support import Supported, primary_of, supported_outcome
from experiments.results.report import results_of
from glozr.errors import Conflict, Invalid, OutOfDate
from glozr.postgres.clock import database_time
from tests.agents.agents.edits import reword
from tests.experiments.outcomes.concluded import (
    FEW,
    LOST,
    OPEN,
    UNEVEN,
    WON,
    measured,
    winner_in_use,
    won,
)
from tests.factories import ExperimentFactory, persona_variants
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

THREE = [*persona_variants(), {**persona_variants()[1], "name": "third"}]


def stored(agent: Agent) -> Agent:
    return Agent.objects.get(pk=agent.pk)


def supported(experiment: Experiment) -> Supported:
    return supported_outcome(primary_of(results_of(experiment)))


class TestWhatAVerdictSupports:
    @pytest.mark.parametrize(
        ("counts", "outcome", "positions"),
        [
            pytest.param(WON, Outcome.WON, [1], id="the treatment is better"),
            pytest.param(LOST, Outcome.WON, [0], id="the control is better"),
            pytest.param(OPEN, Outcome.NO_DIFFERENCE, [], id="nothing is shown"),
            pytest.param(FEW, Outcome.ABANDONED, [], id="too few visitors"),
            pytest.param(UNEVEN, Outcome.ABANDONED, [], id="the split is broken"),
            pytest.param([(0, 0), (0, 0)], Outcome.ABANDONED, [], id="nobody came"),
        ],
    )
    def test_of_two_variants(
        self, agent: Agent, counts: Any, outcome: Outcome, positions: list[int]
    ) -> None:
        experiment = measured(agent, counts)
        winners = {experiment.variants.get(position=place).pk for place in positions}
        found = supported(experiment)
        assert (found.outcome, set(found.winners)) == (outcome, winners)

    @pytest.mark.parametrize(
        ("counts", "outcome", "positions"),
        [
            ([(400, 40), (400, 140), (400, 160)], Outcome.WON, [2, 1]),
            ([(400, 140), (400, 40), (400, 140)], Outcome.NO_DIFFERENCE, []),
            ([(400, 140), (400, 40), (400, 30)], Outcome.WON, [0]),
        ],
        ids=["two are ahead", "one is behind", "both are behind"],
    )
    def test_of_three(
        self, agent: Agent, counts: Any, outcome: Outcome, positions: list[int]
    ) -> None:
        experiment = measured(agent, counts, variants=THREE)
        winners = tuple(experiment.variants.get(position=place).pk for place in positions)
        assert supported(experiment) == Supported(outcome, winners)

    def test_anything_else_needs_a_reason(self, agent: Agent) -> None:
        experiment = measured(agent, OPEN)
        for decision in (won(experiment), Decision(Outcome.ABANDONED)):
            with pytest.raises(Conflict, match="No difference shown yet") as refused:
                conclude(experiment, decision, by=None)
            assert refused.value.code == "not_supported"
        assert Experiment.objects.get(pk=experiment.pk).is_running
        conclude(experiment, won(experiment, reason="It is cheaper."), by=None)
        assert Conclusion.objects.get().reason == "It is cheaper."


class TestConclude:
    def test_it_stops_and_keeps_figures_and_verdict(self, cast: Cast) -> None:
        experiment = measured(cast.agent, WON)
        conclude(experiment, won(experiment, learned=" Warmth pays. "), by=cast.admin)
        concluded = Experiment.objects.select_related("conclusion").get(pk=experiment.pk)
        kept = concluded.conclusion
        assert (concluded.status, kept.outcome, str(kept.variant)) == (
            "stopped",
            "won",
            "treatment",
        )
        assert kept.learned == "Warmth pays."
        assert kept.verdict.startswith("treatment is better than control.")
        assert kept.shown is not None
        assert kept.shown["lift"] == pytest.approx(140 / 410 / 0.1 - 1)
        assert kept.lift == kept.shown["lift"]
        assert [one["visitors"] for one in kept.figures["variants"]] == [400, 410]
        assert (kept.concluded_by, kept.concluded_by_name) == (cast.admin, str(cast.admin))
        assert concluded.version > experiment.version
        told = [narrative.step_of(event).what for event in concluded.events.all()[:2]]
        assert told == ["concluded it: treatment won", "stopped it by concluding it"]

    def test_the_same_call_again_changes_nothing_and_another_is_refused(self, agent: Agent) -> None:
        experiment = measured(agent, WON)
        decision = won(experiment, learned="Warmth pays.", put_into_use=True)
        first = conclude(experiment, decision, by=None)
        before = (experiment.events.count(), stored(agent).revision)
        assert conclude(experiment, decision, by=None).pk == first.pk
        assert (experiment.events.count(), stored(agent).revision) == before
        with pytest.raises(Conflict, match="is concluded already: treatment won") as refused:
            conclude(experiment, Decision(Outcome.ABANDONED, reason="No."), by=None)
        assert refused.value.code == "concluded"

    def test_it_is_not_started_again_but_may_be_duplicated(self, agent: Agent) -> None:
        experiment = measured(agent, OPEN)
        conclude(experiment, Decision(Outcome.NO_DIFFERENCE), by=None)
        assert not lifecycle.can(Action.STARTED, Experiment.objects.get(pk=experiment.pk))
        with pytest.raises(Conflict, match="Duplicate it") as refused:
            lifecycle.start(experiment, by=None)
        assert refused.value.code == "concluded"
        assert editing.duplicate(experiment, by=None).concluded is None

    def test_it_is_not_scheduled_either(self, agent: Agent) -> None:
        experiment = measured(agent, OPEN)
        lifecycle.stop(experiment, by=None)
        ahead = Schedule(starts_at=database_time() + timedelta(days=1))
        lifecycle.set_schedule(experiment, ahead, by=None)
        conclude(experiment, Decision(Outcome.NO_DIFFERENCE), by=None)
        assert lifecycle.schedule_of(Experiment.objects.get(pk=experiment.pk)) is None
        with pytest.raises(Conflict, match="Duplicate it"):
            lifecycle.set_schedule(experiment, ahead, by=None)

    def test_its_variants_are_frozen_though_nobody_came(self, agent: Agent) -> None:
        experiment = measured(agent, [(0, 0), (0, 0)])
        conclude(experiment, Decision(Outcome.ABANDONED), by=None)
        with pytest.raises(Conflict):
            editing.edit(experiment, sent={"variants": THREE}, by=None)
        editing.edit(experiment, sent={"name": "Never seen"}, by=None)

    def test_a_draft_is_refused(self, agent: Agent) -> None:
        draft = ExperimentFactory.create(agent=agent)
        with pytest.raises(Conflict) as refused:
            conclude(draft, Decision(Outcome.ABANDONED, reason="No."), by=None)
        assert refused.value.code == "not_started"

    @pytest.mark.parametrize(
        ("decision", "fields"),
        [
            (Decision("lost"), {"outcome"}),
            (Decision(Outcome.WON), {"variant"}),
            (Decision(Outcome.ABANDONED, put_into_use=True), {"put_into_use"}),
            (
                Decision(Outcome.ABANDONED, learned="x" * 2_001, reason="x" * 1_001),
                {"learned", "reason"},
            ),
            (Decision(Outcome.ABANDONED, learned="a\0b", reason="\ud800"), {"learned", "reason"}),
        ],
    )
    def test_every_broken_rule_is_named(
        self, agent: Agent, decision: Decision, fields: set[str]
    ) -> None:
        experiment = measured(agent, FEW)
        with pytest.raises(Invalid) as refused:
            conclude(experiment, decision, by=None)
        assert {error.field for error in refused.value.errors} == fields

    def test_a_variant_of_another_experiment_did_not_win_this_one(self, agent: Agent) -> None:
        other = ExperimentFactory.create(agent=agent)
        experiment = measured(agent, WON)
        with pytest.raises(Invalid):
            conclude(experiment, won(other), by=None)
        with pytest.raises(Invalid):
            conclude(experiment, Decision(Outcome.ABANDONED, other.variants.all()[0].pk), by=None)


class TestPutIntoUse:
    def test_the_persona_becomes_the_agents_by_a_revision_that_names_the_experiment(
        self, cast: Cast
    ) -> None:
        agent = cast.agent
        experiment = measured(agent, WON, name="Aria or Max")
        (_, proposed) = proposals_of(experiment)
        conclusion = winner_in_use(experiment, by=cast.owner)
        after = stored(agent)
        assert after.persona == {"name": "Aria", "tone": "warm and concise"}
        assert (conclusion.revision_before, conclusion.revision_after) == (1, 2)
        assert after.revisions.get(number=2).origin == "From treatment of Aria or Max"
        event = cast.workspace.events.get(action=WorkspaceAction.PUT_INTO_USE)
        assert (event.subject, event.actor) == ("treatment of Aria or Max", cast.owner)
        assert event.changes["persona_name"] == ["Max", "Aria"]
        prompt = Runtime.of(agent).resolve("new")["system_prompt"]
        assert prompt == "".join(piece.text for piece in proposed.after)
        source = source_of_persona(after)
        assert source is not None
        since = agent.revisions.get(number=2).created_at
        assert (source.words, source.since) == (event.subject, since)

    def test_what_a_variant_leaves_out_stays_the_agents(self, agent: Agent) -> None:
        variants = persona_variants()
        variants[1]["config"] = {"persona": {"tone": "dry"}}
        winner_in_use(measured(agent, WON, variants=variants))
        assert stored(agent).persona == {"name": "Max", "tone": "dry"}

    def test_another_kind_has_nothing_to_use(self, agent: Agent) -> None:
        variants = [{**variant, "config": {}} for variant in persona_variants()]
        experiment = measured(agent, WON, kind=Kind.CTA, variants=variants)
        with pytest.raises(Invalid):
            winner_in_use(experiment)
        assert proposals_of(experiment) == []

    def test_what_was_not_seen_is_not_overwritten(self, agent: Agent) -> None:
        experiment = measured(agent, WON)
        reword(agent, tone="never seen")
        with pytest.raises(OutOfDate):
            conclude(experiment, won(experiment, put_into_use=True), by=None, seen_revision=1)
        assert Experiment.objects.get(pk=experiment.pk).is_running
        assert stored(agent).persona["tone"] == "never seen"

    def test_edited_by_hand_it_comes_from_nowhere(self, agent: Agent) -> None:
        winner_in_use(measured(agent, WON))
        reword(agent, prompt="Sell trips.")
        assert source_of_persona(stored(agent)) is not None
        reword(agent, tone="by hand")
        assert source_of_persona(stored(agent)) is None


class TestTakeBack:
    def test_restores_the_former_persona(self, cast: Cast) -> None:
        experiment = measured(cast.agent, WON, name="Aria or Max")
        former = stored(cast.agent).persona
        winner_in_use(experiment)
        reword(cast.agent)  # changes nothing, so edits nothing
        taken = take_out_of_use(experiment, by=cast.admin)
        after = stored(cast.agent)
        assert (after.persona, after.revision) == (former, 3)
        assert (taken.is_in_use, taken.taken_back_by_name) == (False, str(cast.admin))
        assert experiment.events.first().action == Action.TAKEN_BACK  # type: ignore[union-attr]
        assert cast.workspace.events.filter(action=WorkspaceAction.TAKEN_BACK).count() == 1
        assert source_of_persona(after) is None
        take_out_of_use(experiment, by=cast.admin)
        assert stored(cast.agent).revision == 3

    def test_the_earlier_winner_is_in_use_again(self, agent: Agent) -> None:
        variants = persona_variants()
        variants[0]["config"] = {"persona": {"name": "Aria"}}
        variants[1]["config"] = {"persona": {"tone": "dry"}}
        winner_in_use(measured(agent, WON, name="First"))
        second = measured(agent, WON, name="Second", variants=variants)
        winner_in_use(second)
        take_out_of_use(second, by=None)
        source = source_of_persona(stored(agent))
        assert source is not None
        assert source.words == "treatment of First"

    def test_not_once_somebody_has_edited_the_agent(self, agent: Agent) -> None:
        experiment = measured(agent, WON)
        winner_in_use(experiment)
        reword(agent, prompt="Sell trips.")
        with pytest.raises(Conflict, match="revision 1") as refused:
            take_out_of_use(experiment, by=None)
        assert refused.value.code == "edited_since"
        Agent.objects.filter(pk=agent.pk).update(revision=2, persona={"name": "X", "tone": ""})
        with pytest.raises(Conflict, match="edited since"):  # by a release that made no revisions
            take_out_of_use(experiment, by=None)

    @pytest.mark.parametrize("is_concluded", [True, False])
    def test_what_is_not_in_use_can_not_be(self, agent: Agent, is_concluded: bool) -> None:
        experiment = measured(agent, WON)
        if is_concluded:
            conclude(experiment, won(experiment), by=None)
        with pytest.raises(Conflict) as refused:
            take_out_of_use(experiment, by=None)
        assert refused.value.code == "not_in_use"


class TestAfterwards:
    def test_the_winner_is_put_into_use_later_and_again_after_it_was_taken_back(
        self, cast: Cast
    ) -> None:
        agent = cast.agent
        experiment = measured(agent, WON, name="Aria or Max")
        with pytest.raises(Conflict) as refused:
            put_into_use(experiment, by=cast.owner)
        assert refused.value.code == "not_concluded"
        conclude(experiment, won(experiment), by=cast.owner)
        reword(agent, tone="edited since")
        with pytest.raises(OutOfDate):
            put_into_use(experiment, by=cast.owner, seen_revision=1)
        for later in (3, 5):
            seen = stored(agent).revision
            used = put_into_use(experiment, by=cast.owner, seen_revision=seen)
            assert put_into_use(experiment, by=None).pk == used.pk
            assert (used.is_in_use, used.revision_after) == (True, later)
            assert stored(agent).persona["name"] == "Aria"
            source = source_of_persona(stored(agent))
            assert source is not None
            assert source.since == agent.revisions.get(number=later).created_at
            take_out_of_use(experiment, by=cast.owner)
            assert stored(agent).persona == {"name": "Max", "tone": "edited since"}
        told = [narrative.step_of(event).what for event in experiment.events.all()[:4]]
        assert told == ["took its variant out of use", "put treatment into use"] * 2

    @pytest.mark.parametrize("kind", [Kind.PERSONA, Kind.CTA])
    def test_there_must_be_a_persona_that_won(self, agent: Agent, kind: Kind) -> None:
        experiment = measured(agent, OPEN, kind=kind.value)
        decided = Decision(Outcome.NO_DIFFERENCE)
        if kind == Kind.CTA:
            decided = won(experiment, reason="It looks better.")
        conclude(experiment, decided, by=None)
        with pytest.raises(Conflict) as refused:
            put_into_use(experiment, by=None)
        assert refused.value.code == "nothing_to_use"

    def test_what_was_learned_is_edited_and_the_history_has_both(self, cast: Cast) -> None:
        experiment = measured(cast.agent, WON)
        with pytest.raises(Conflict) as refused:
            edit_learned(experiment, "Too early.", by=None)
        assert refused.value.code == "not_concluded"
        conclude(experiment, won(experiment, learned="Warmth pays."), by=None)
        before = Experiment.objects.select_related("conclusion").get(pk=experiment.pk)
        edit_learned(
            experiment, " Warmth pays at night. ", by=cast.admin, seen_version=before.version
        )
        edit_learned(experiment, "Warmth pays at night.", by=cast.admin)
        step = experiment.events.get(action=Action.LEARNED)
        told = narrative.step_of(step)
        assert (told.who, told.what) == (str(cast.admin), "edited what was learned")
        [line] = told.differences
        assert (line.before, line.after) == ("Warmth pays.", "Warmth pays at night.")
        after = Conclusion.objects.get()
        assert after.learned == "Warmth pays at night."
        assert (after.verdict, after.figures) == (
            before.conclusion.verdict,
            before.conclusion.figures,
        )
        with pytest.raises(OutOfDate):
            edit_learned(experiment, "Lost.", by=None, seen_version=before.version)
        with pytest.raises(Invalid):
            edit_learned(experiment, "x" * 2_001, by=None)
