"""What was learned is found again, and what is in use added up."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Conclusion, Experiment, Kind, Outcome
from experiments.outcomes import library
from experiments.outcomes.conclusions import Decision, conclude, take_out_of_use
from experiments.outcomes.library import Sought
from experiments.statistics.shrinkage import Effect, shrunk, spread_of_effects
from tests.experiments.outcomes.concluded import FEW, OPEN, WON, measured, winner_in_use
from tests.factories import AgentFactory
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def lessons(cast: Cast) -> dict[str, Experiment]:
    """Four of a workspace, one of them of another agent, and one of another workspace."""
    other = AgentFactory.create(workspace=cast.workspace, name="Desk")
    plain: list[dict[str, Any]] = [
        {"name": name, "weight": 1, "config": {}} for name in ("control", "treatment")
    ]
    made = {
        "won": measured(cast.agent, WON, name="Aria", hypothesis="Does warmth pay?"),
        "open": measured(cast.agent, OPEN, name="Button", kind=Kind.CTA, variants=plain),
        "few": measured(cast.agent, FEW, name="Greeting"),
        "other": measured(other, WON, name="Desk"),
        "elsewhere": measured(AgentFactory.create(), WON, name="Elsewhere"),
    }
    winner_in_use(made["won"], learned="Warmth pays.")
    conclude(made["open"], Decision(Outcome.NO_DIFFERENCE), by=None)
    conclude(made["few"], Decision(Outcome.ABANDONED, learned="Ask later"), by=None)
    winner_in_use(made["other"])
    winner_in_use(made["elsewhere"])
    return made


def names(conclusions: Any) -> list[str]:
    return [each.experiment.name for each in conclusions]


def test_lessons_are_found(cast: Cast, lessons: dict[str, Experiment]) -> None:
    every = ["Desk", "Greeting", "Button", "Aria"]
    for sought, expected in (
        (Sought(), every),
        (Sought(search="warmth PAYS"), ["Aria"]),
        (Sought(search="does warmth"), ["Aria"]),
        (Sought(search="greet"), ["Greeting"]),
        (Sought(kind="cta"), ["Button"]),
        (Sought(outcome="won"), ["Desk", "Aria"]),
        (Sought(outcome="won", search="later"), []),
        (Sought(kind="none", outcome="such"), every),
    ):
        assert names(library.found(library.conclusions_of(cast.workspace), sought)) == expected


def test_of_an_agent_and_of_what_is_not_deleted(cast: Cast, lessons: dict[str, Experiment]) -> None:
    lifecycle.delete(lessons["few"], by=None)
    of_agent = library.conclusions_of(cast.agent)
    assert names(library.found(of_agent, Sought())) == ["Button", "Aria"]
    shares = library.shares_of(of_agent)
    assert shares is not None
    assert (shares.won_share, shares.undecided_share) == (0.5, 0.5)


def test_what_is_in_use_is_added_up_and_the_winners_curse_corrected(
    cast: Cast, lessons: dict[str, Experiment]
) -> None:
    (sums,) = library.in_use_of(library.conclusions_of(cast.workspace))
    told = [
        Effect(one.lift, one.lift_error)
        for one in Conclusion.objects.filter(agent__workspace=cast.workspace)
        if one.lift is not None and one.lift_error is not None
    ]
    assert len(told) == 4
    lift = 140 / 410 / 0.1 - 1
    assert (sums.number, sums.metric) == (2, "lead capture rate")
    assert sums.measured.value == pytest.approx(2 * lift)
    winners = [effect for effect in told if effect.value == pytest.approx(lift)]
    by_hand = sum(shrunk(one, spread_of_effects(told)).value for one in winners)
    assert 0 < sums.expected.value == pytest.approx(by_hand)
    assert sums.expected.value < sums.measured.value
    take_out_of_use(lessons["won"], by=None)
    (sums,) = library.in_use_of(library.conclusions_of(cast.workspace))
    assert sums.number == 1


def test_a_control_in_use_adds_nothing(agent: Agent) -> None:
    experiment = measured(agent, OPEN)
    control = experiment.variants.get(position=0).pk
    decision = Decision(Outcome.WON, control, reason="It is known.", put_into_use=True)
    conclude(experiment, decision, by=None)
    assert library.in_use_of(library.conclusions_of(agent)) == []


def test_the_pages_say_it(cast: Cast, client: Client, lessons: dict[str, Experiment]) -> None:
    editor = signed_in(cast.editor)
    workspace = reverse("workspace_learned", args=[cast.workspace.pk])
    page = editor.get(workspace).content.decode()
    assert "4</span> concluded: 50% won, 25% showed no difference." in page
    assert "treatment: +241.5% (" in page
    assert "Winners are chosen because they look good" in page
    found = editor.get(workspace, {"search": "warmth pays"}).content.decode()
    assert "Does warmth pay?" in found
    assert "Greeting" not in found
    assert "Nothing fits" in editor.get(workspace, {"search": "nothing"}).content.decode()
    agent = editor.get(reverse("agent_learned", args=[cast.agent.pk])).content.decode()
    assert "Greeting" in agent
    assert "Desk" not in agent
    assert workspace in editor.get(reverse("agent_list")).content.decode()


def test_an_empty_page_teaches(cast: Cast) -> None:
    page = signed_in(cast.editor).get(reverse("agent_learned", args=[cast.agent.pk]))
    assert "Nothing concluded yet" in page.content.decode()
