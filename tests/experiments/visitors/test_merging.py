"""Two ids of one visitor: the earliest assignment holds, and what both did counts there once."""

from functools import partial

import pytest

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Assignment, Experiment, VisitorMerge
from experiments.visitors.leaving_out import leave_out
from experiments.visitors.merging import counts_as, ids_of, merge
from glozr.errors import Conflict, Invalid
from tests.experiments.visitors.counted import counted
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def pair(runtime: Runtime, *, same: bool) -> tuple[str, str]:
    """Two visitors with the same variant, or not, each with a message and a lead."""
    first, variant = "first", runtime.resolve("first").variant
    for number in range(100):
        second = f"second-{number}"
        if (runtime.resolve(second).variant == variant) == same:
            break
    for name in (first, second):
        runtime.say(name, unused_id())
        runtime.leave(name, f"{name}@example.com")
    Assignment.objects.exclude(visitor_id__in=[first, second]).delete()
    return first, second


@pytest.mark.parametrize("same", [True, False])
def test_both_count_once_under_the_earliest(
    runtime: Runtime, agent: Agent, experiment: Experiment, same: bool
) -> None:
    first, second = pair(runtime, same=same)
    apart = counted(experiment)
    assert (apart.visitors, apart.merged) == (2, 0)

    assert merge(agent, visitor_id=first, into=second)
    merged = counted(experiment)
    assert (merged.visitors, merged.converted, merged.leads) == (1, 1, 2)
    assert (merged.messages, merged.messages_squared) == (2, 4)
    assert (merged.merged, merged.crossed) == (1, 0 if same else 1)
    held = Assignment.objects.get(left_out="")
    assert held.visitor_id == first


def test_from_then_on_both_get_the_earliests_variant(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    first, second = pair(runtime, same=False)
    held = runtime.resolve(first).variant
    merge(agent, visitor_id=second, into=first)

    assert {runtime.resolve(name).variant for name in (first, second)} == {held}
    assert counted(experiment).visitors == 1


def test_an_experiment_begun_later_knows_one_visitor(runtime: Runtime, agent: Agent) -> None:
    for number in range(8):
        merge(agent, visitor_id=f"old-{number}", into=f"new-{number}")
    experiment = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    for number in range(8):
        answers = {runtime.resolve(f"{name}-{number}").variant for name in ("old", "new", "old")}
        assert len(answers) == 1

    found = counted(experiment)
    assert (found.visitors, found.merged, found.crossed) == (8, 8, 0)
    assert not Assignment.objects.filter(visitor_id__startswith="old").exists()


def test_chains_are_resolved(runtime: Runtime, agent: Agent, experiment: Experiment) -> None:
    for name in "abcd":
        runtime.say(name, unused_id())
    merge(agent, visitor_id="a", into="b")
    merge(agent, visitor_id="c", into="d")
    merge(agent, visitor_id="b", into="c")

    assert {counts_as(agent, name) for name in "abcd"} == {"d"}
    assert sorted(ids_of(agent, "a")) == list("abcd")
    found = counted(experiment)
    assert (found.visitors, found.messages) == (1, 4)


def test_a_circle_is_refused_and_a_repetition_changes_nothing(agent: Agent) -> None:
    assert merge(agent, visitor_id="a", into="b")
    assert not merge(agent, visitor_id="a", into="b")
    with pytest.raises(Conflict):
        merge(agent, visitor_id="b", into="a")
    with pytest.raises(Invalid):
        merge(agent, visitor_id="a", into="a")
    assert VisitorMerge.objects.count() == 1


def test_a_visitor_has_not_endlessly_many_ids(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.limits.IDS_OF_A_VISITOR", 3)
    merge(agent, visitor_id="a", into="d")
    merge(agent, visitor_id="b", into="d")
    with pytest.raises(Conflict):
        merge(agent, visitor_id="c", into="d")


def test_one_id_that_is_left_out_leaves_the_visitor_out(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    first, second = pair(runtime, same=True)
    merge(agent, visitor_id=first, into=second)
    leave_out(agent.workspace, kind="visitor", value=first, by=None)

    found = counted(experiment)
    assert (found.visitors, found.left_out, found.merged) == (0, 1, 0)


def test_another_agents_visitor_of_that_name_is_another(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    other = lifecycle.start(ExperimentFactory.create(), by=None)
    elsewhere = Runtime.of(other.agent)
    for name in ("a", "b"):
        elsewhere.resolve(name)
    merge(agent, visitor_id="a", into="b")

    assert counted(other).visitors == 2


@pytest.mark.django_db(transaction=True)
def test_merging_from_all_sides_at_once_closes_no_circle(agent: Agent) -> None:
    names = [f"v{number}" for number in range(8)]

    def merge_round(step: int) -> None:
        for number, name in enumerate(names):
            try:
                merge(agent, visitor_id=name, into=names[(number + step) % 8])
            except Conflict:
                continue

    at_once([partial(merge_round, step) for step in range(1, 8)])
    assert len({counts_as(agent, name) for name in names}) == 1
    rows = VisitorMerge.objects.all()
    assert not {row.into_id for row in rows} & {row.visitor_id for row in rows}
