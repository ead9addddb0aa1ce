"""First messages while an experiment is concluded and its winner put into use."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

import pytest

from agents.models import Agent, Conversation
from experiments.models import Action, Conclusion
from experiments.models import Event as Step
from experiments.outcomes.conclusions import take_out_of_use
from tests.agents.agents.edits import reword
from tests.experiments.outcomes.concluded import WON, measured, winner_in_use
from tests.factories import persona_variants, unused_id
from tests.runtime import Answer, Runtime
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SIMULTANEOUS = 64
BEFORE = {"control": ("Max", "tone of the agent"), "treatment": ("Aria", "tone of the agent")}
AFTER = ("Aria", "tone of the agent")


@pytest.mark.parametrize("steps", ["in use", "in use and back"])
def test_no_visitor_gets_half_of_each(runtime: Runtime, agent: Agent, steps: str) -> None:
    """Who came before has a variant over the former revision; who came after has none."""
    reword(agent, tone="tone of the agent")
    variants = persona_variants()
    variants[1]["config"] = {"persona": {"name": "Aria"}}
    experiment = measured(agent, WON, variants=variants)
    former = Agent.objects.get(pk=agent.pk).revision
    ids = [unused_id() for _ in range(SIMULTANEOUS)]
    first_came, done = Event(), Event()

    def first_message(number: int) -> Answer:
        if number == SIMULTANEOUS - 1:
            done.wait(timeout=60)
        visitor, conversation = f"visitor-{number}", ids[number]
        if number % 2:
            return runtime.resolve(visitor, conversation_id=conversation)
        said: Answer = runtime.say(visitor, conversation)
        first_came.set()
        return replace(said, body=said["resolution"])

    def conclude_meanwhile() -> None:
        first_came.wait(timeout=60)
        winner_in_use(experiment)
        if steps == "in use and back":
            take_out_of_use(experiment, by=None)
        done.set()

    calls: list[Callable[[], Any]] = [partial(first_message, n) for n in range(SIMULTANEOUS)]
    *answers, _ = at_once([*calls, conclude_meanwhile])
    seen = set()
    for number, answer in enumerate(answers):
        spoken = (answer["persona"]["name"], answer["persona"]["tone"])
        if answer.variant is None:
            assert answer["revision"] in (former + 1, former + 2)
            assert spoken == (AFTER if answer["revision"] == former + 1 else BEFORE["control"])
        else:
            assert answer["revision"] == former
            assert spoken == BEFORE[answer.variant]
        stamped = Conversation.objects.get(pk=ids[number])
        assert stamped.revision == answer["revision"]
        assert (stamped.variant_id is None) == (answer.variant is None)
        seen.add(answer.variant is None)
    assert seen == {True, False}, "some came before the conclusion and some after it"


def test_of_many_at_once_one_concludes(agent: Agent) -> None:
    experiment = measured(agent, WON)
    found = at_once([partial(winner_in_use, experiment)] * 8)
    assert {conclusion.pk for conclusion in found} == {Conclusion.objects.get().pk}
    assert Agent.objects.get(pk=agent.pk).revision == 2
    assert Step.objects.filter(action=Action.CONCLUDED).count() == 1
    at_once([partial(take_out_of_use, experiment, by=None)] * 8)
    assert Agent.objects.get(pk=agent.pk).revision == 3
