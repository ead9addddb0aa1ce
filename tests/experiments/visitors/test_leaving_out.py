"""Who is left out gets answers and does not count, backwards as well as forwards."""

import pytest

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Assignment, Experiment, LeftOutRule
from experiments.visitors.leaving_out import count_in, leave_out
from glozr.errors import Conflict, Invalid
from tests.experiments.visitors.counted import counted
from tests.factories import ExperimentFactory, unused_id
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def visit(runtime: Runtime, *names: str, domain: str = "example.com") -> None:
    for name in names:
        talk = unused_id()
        runtime.say(name, talk)
        runtime.leave(name, f"{name}@{domain}", conversation_id=talk)


@pytest.mark.parametrize(
    ("kind", "value", "left_out"),
    [
        ("visitor", "qa-1", {"qa-1"}),
        ("beginning", "qa-", {"qa-1", "qa-2"}),
        ("beginning", "q%", set()),
        ("domain", "@Glozr.Example", {"ada"}),
        ("domain", "lozr.example", set()),
    ],
)
def test_a_rule_works_both_ways(
    cast: Cast, runtime: Runtime, experiment: Experiment, kind: str, value: str, left_out: set[str]
) -> None:
    visit(runtime, "qa-1", "qa-2", "bob")
    visit(runtime, "ada", domain="glozr.example")
    before = counted(experiment)
    assert (before.visitors, before.leads, before.left_out) == (4, 4, 0)

    rule = leave_out(cast.workspace, kind=kind, value=value, by=cast.owner)
    during = counted(experiment)
    assert (during.visitors, during.leads, during.messages) == (4 - len(left_out),) * 3
    assert during.left_out == len(left_out)
    marked = Assignment.objects.exclude(left_out="").values_list("visitor_id", flat=True)
    assert set(marked) == left_out

    visit(runtime, "qa-1", "qa-3")
    later = counted(experiment)
    is_beginning = left_out == {"qa-1", "qa-2"}
    assert later.visitors == 4 - len(left_out) + (0 if is_beginning else 1)

    count_in(cast.workspace, rule.pk, by=cast.owner)
    after = counted(experiment)
    assert (after.visitors, after.left_out) == (5, 0)
    assert after.messages == 6


def test_answers_are_those_of_anybody(cast: Cast, runtime: Runtime, experiment: Experiment) -> None:
    leave_out(cast.workspace, kind="visitor", value="qa", by=None)

    assert runtime.resolve("qa").variant in ("control", "treatment")
    assert counted(experiment).visitors == 0


def test_another_workspace_is_none_of_its_business(
    cast: Cast, runtime: Runtime, experiment: Experiment
) -> None:
    other = lifecycle.start(ExperimentFactory.create(), by=None)
    Runtime.of(other.agent).resolve("qa")
    leave_out(cast.workspace, kind="visitor", value="qa", by=None)

    assert counted(other).visitors == 1


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        ("name", "qa", "kind"),
        ("visitor", "", "value"),
        ("visitor", "a\0b", "value"),
        ("visitor", "v" * 129, "value"),
        ("domain", "localhost", "value"),
        ("domain", "a@b.example", "value"),
    ],
)
def test_what_is_no_rule_is_refused(cast: Cast, kind: str, value: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        leave_out(cast.workspace, kind=kind, value=value, by=None)

    assert [error.field for error in refused.value.errors] == [field]


def test_a_rule_is_there_once(cast: Cast) -> None:
    leave_out(cast.workspace, kind="domain", value="glozr.example", by=None)
    with pytest.raises(Invalid):
        leave_out(cast.workspace, kind="domain", value="GLOZR.example", by=None)


def test_rules_come_to_an_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.limits.LEFT_OUT_RULES", 1)
    leave_out(cast.workspace, kind="visitor", value="a", by=None)
    with pytest.raises(Conflict):
        leave_out(cast.workspace, kind="visitor", value="b", by=None)
    assert LeftOutRule.objects.count() == 1


def test_it_is_in_the_workspaces_history_without_the_id(cast: Cast) -> None:
    leave_out(cast.workspace, kind="visitor", value="qa-secret", by=cast.owner)

    event = cast.workspace.events.get(action="visitors_left_out")
    assert "qa-secret" not in f"{event.subject} {event.changes}"
