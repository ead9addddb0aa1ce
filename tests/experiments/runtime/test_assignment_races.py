"""What happens at the same moment, over real connections."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from agents.agents.editing import changing
from agents.models import Agent, Conversation, Message
from experiments import lifecycle
from experiments.lifecycle import OnConflict
from experiments.models import Assignment, Experiment
from tests.agents.agents.edits import reword
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Answer, Runtime
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SIMULTANEOUS = 64


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def first_messages(
    runtime: Runtime, visitor: str, conversations: int
) -> list[Callable[[], Answer]]:
    """64 first messages of one visitor, spread over some conversations; half are messages,
    half are calls for the assignment."""
    ids = [unused_id() for _ in range(conversations)]
    calls: list[Callable[[], Answer]] = []
    for number in range(SIMULTANEOUS):
        conversation = ids[number % conversations]
        if number % 2:
            calls.append(partial(runtime.resolve, visitor, conversation_id=conversation))
        else:
            calls.append(partial(runtime.say, visitor, conversation))
    return calls


@pytest.mark.parametrize("conversations", [1, 7, 64])
def test_simultaneous_first_messages_yield_one_assignment(
    runtime: Runtime, experiment: Experiment, conversations: int
) -> None:
    answers = at_once(first_messages(runtime, "ada", conversations))
    variant = Assignment.objects.get().variant
    assert {answer.variant for answer in answers} == {variant.name}
    stamped = Conversation.objects.values_list("variant_id", flat=True)
    assert list(stamped) == [variant.pk] * conversations
    assert Message.objects.count() == SIMULTANEOUS // 2


@pytest.mark.parametrize("runs", [True, False], ids=["in variants", "without one"])
@pytest.mark.parametrize("urgent", [False, True])
def test_first_messages_during_an_edit_get_one_prompt_wholly_and_keep_it(
    runtime: Runtime, agent: Agent, runs: bool, urgent: bool
) -> None:
    if runs:
        lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    tones, prompts = ["Tone of before", "Tone of after"], ["Task of before", "Task of after"]
    reword(agent, tone=tones[0], prompt=prompts[0])
    ids = [unused_id() for _ in range(SIMULTANEOUS)]

    # The first comes before the edit and the last after it, however slow the machine.
    first_came, edited = Event(), Event()

    def first_message(number: int) -> Answer:
        if number == SIMULTANEOUS - 1:
            edited.wait(timeout=30)
        visitor, conversation = f"visitor-{number}", ids[number]
        if number % 2:
            return runtime.resolve(visitor, conversation_id=conversation)
        said: Answer = runtime.say(visitor, conversation)
        first_came.set()
        return replace(said, body=said["resolution"])

    def edit() -> None:
        first_came.wait(timeout=30)
        reword(agent, tone=tones[1], prompt=prompts[1], urgent=urgent)
        edited.set()

    *answers, _ = at_once([*(partial(first_message, n) for n in range(SIMULTANEOUS)), edit])
    in_force = agent.revisions.latest("number").number
    found = set()
    for number, answer in enumerate(answers):
        is_after = answer["revision"] == in_force
        found.add(is_after)
        prompt = answer["system_prompt"]
        assert prompt.endswith(prompts[is_after])
        # The treatment has a tone of its own.
        assert answer.variant == "treatment" or tones[is_after] in prompt
        assert tones[not is_after] not in prompt
        stamped = Conversation.objects.get(pk=ids[number])
        assert stamped.revision == answer["revision"]
        later = runtime.resolve(f"visitor-{number}", conversation_id=ids[number])
        kept = answer if is_after or not urgent else later
        assert later["prompt_digest"] == kept["prompt_digest"]
        assert later["revision"] == (in_force if urgent else answer["revision"])
    assert found == {True, False}, "some came before the edit and some after it"


def superseding(agent: Agent) -> Callable[[Experiment], Any]:
    return lambda experiment: lifecycle.start(
        ExperimentFactory.create(agent=agent), by=None, on_conflict=OnConflict.KEEP_RUNNING
    )


@pytest.mark.parametrize("change", ["stop", "delete", "supersede"])
def test_nobody_is_assigned_once_a_change_has_committed(
    runtime: Runtime, agent: Agent, experiment: Experiment, change: str
) -> None:
    ends: dict[str, Callable[[Experiment], Any]] = {
        "stop": partial(lifecycle.stop, by=None),
        "delete": partial(lifecycle.delete, by=None),
        "supersede": superseding(agent),
    }
    done = Event()
    at_commit: list[set[str]] = []

    def assigned() -> set[str]:
        rows = Assignment.objects.filter(experiment=experiment)
        return set(rows.values_list("visitor_id", flat=True))

    def visitors(thread: int) -> list[tuple[str, Answer]]:
        answers = []
        number = 0
        while not done.is_set() or number < 3:
            visitor = f"visitor-{thread}-{number}"
            answers.append((visitor, runtime.resolve(visitor)))
            number += 1
        return answers

    def change_meanwhile() -> list[tuple[str, Answer]]:
        time.sleep(0.3)
        ends[change](experiment)
        at_commit.append(assigned())
        time.sleep(0.2)
        done.set()
        return []

    results = at_once([*(partial(visitors, thread) for thread in range(8)), change_meanwhile])
    assert at_commit[0], "the visitors began before the change"
    assert assigned() == at_commit[0]
    for visitor, answer in (pair for result in results for pair in result):
        named = answer["experiment"] and answer["experiment"]["id"]
        assert (named == str(experiment.pk)) == (visitor in at_commit[0])


def test_first_messages_of_one_visitor_agree_while_experiments_come_and_go(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    others = [ExperimentFactory.create(agent=agent) for _ in range(3)]

    def come_and_go() -> None:
        for other in others:
            lifecycle.start(other, by=None, on_conflict=OnConflict.STOP_CURRENT)
        lifecycle.stop(others[-1], by=None)
        lifecycle.delete(others[0], by=None)

    calls = first_messages(runtime, "ada", 5)
    answers = [answer for answer in at_once([*calls, come_and_go]) if answer]
    for conversation in Conversation.objects.all():
        named = {
            answer.body.get("resolution", answer.body)["variant"]
            and answer.body.get("resolution", answer.body)["variant"]["id"]
            for answer in answers
            if answer["conversation_id"] == str(conversation.pk)
        }
        assert named == {conversation.variant_id and str(conversation.variant_id)}
    experiments = Assignment.objects.filter(visitor_id="ada").values_list("experiment_id")
    assert len(experiments) == len(set(experiments))


def test_a_change_is_not_kept_waiting_by_a_stream_of_visitors(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    done = Event()

    def stream(thread: int) -> float:
        number = 0
        while not done.is_set():
            runtime.resolve(f"visitor-{thread}-{number}")
            number += 1
        return 0.0

    def stop() -> float:
        time.sleep(0.2)
        began = time.monotonic()
        lifecycle.stop(experiment, by=None)
        took = time.monotonic() - began
        done.set()
        return took

    *_, took = at_once([*(partial(stream, thread) for thread in range(16)), stop])
    assert took < 1.0


def test_visitors_wait_for_a_change_under_way_and_then_see_it(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    changed = Event()

    def stop_slowly() -> None:
        with changing(agent.pk):
            changed.set()
            time.sleep(0.3)
            Experiment.objects.filter(pk=experiment.pk).update(
                status="stopped", stopped_at=experiment.started_at
            )

    def ask() -> Answer:
        changed.wait(timeout=10)
        return runtime.resolve("ada")

    _, answer = at_once([stop_slowly, ask])
    assert answer is not None
    assert answer["source"] == "none"
    assert not Assignment.objects.exists()


def test_the_same_message_from_many_connections_is_counted_once(
    runtime: Runtime, experiment: Experiment
) -> None:
    conversation, message = unused_id(), unused_id()
    say = partial(runtime.say, "ada", conversation, id=message)
    answers = at_once([say] * 16)
    assert sorted(answer.status for answer in answers) == [200] * 15 + [201]
    assert Message.objects.count() == 1


def test_a_change_that_fails_changes_nothing(agent: Agent, experiment: Experiment) -> None:
    version = Agent.objects.get(pk=agent.pk).config_version

    class Crash(Exception):
        pass

    def rename_and_crash() -> None:
        with changing(agent.pk):
            Experiment.objects.filter(pk=experiment.pk).update(name="Half done")
            raise Crash

    with pytest.raises(Crash):
        rename_and_crash()
    experiment.refresh_from_db()
    assert experiment.name != "Half done"
    assert Agent.objects.get(pk=agent.pk).config_version == version


def test_two_starts_at_once_leave_one_active_experiment(agent: Agent) -> None:
    drafts = [ExperimentFactory.create(agent=agent) for _ in range(6)]
    at_once(
        [
            partial(lifecycle.start, draft, by=None, on_conflict=OnConflict.STOP_CURRENT)
            for draft in drafts
        ]
    )
    assert Experiment.objects.running().count() == 1


def test_a_lock_that_is_held_for_long_is_a_503(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    held, released = Event(), Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM agents WHERE id = %s FOR UPDATE", [agent.pk])
            held.set()
            released.wait(timeout=10)

    def ask() -> Answer:
        held.wait(timeout=10)
        try:
            return runtime.post("assignments/", {"visitor_id": "ada"})
        finally:
            released.set()

    _, answer = at_once([hold, ask])
    assert answer is not None
    assert (answer.status, answer["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert runtime.resolve("ada")["source"] == "new"
