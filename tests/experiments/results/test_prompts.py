"""Which prompts a variant's conversations got, and the agent's edits while an experiment ran."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.models import Action, Experiment, VariantPrompt
from experiments.results import prompts
from experiments.results.prompts import PROMPTS, prompts_of
from glozr.errors import Invalid
from tests.agents.agents.edits import reword
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Answer, Runtime
from tests.visits import arrive

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


@pytest.fixture
def reader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.editor)
    return client


def results(reader: Client, experiment: Experiment) -> Any:
    answer = reader.get(reverse("api_results", args=[experiment.agent_id, experiment.pk]))
    assert answer.status_code == 200
    return answer.json()


def told(body: Any) -> Counter[tuple[str, int, str]]:
    """Conversations by variant, revision and digest."""
    return Counter(
        {
            (variant["name"], prompt["revision"], digest): prompt["conversations"]
            for variant in body["variants"]
            for prompt in variant["prompts"]
            for digest in prompt["prompt_digests"]
        }
    )


def got(answers: list[Answer]) -> Counter[tuple[str, int, str]]:
    return Counter(
        (str(answer.variant), answer["revision"], answer["prompt_digest"]) for answer in answers
    )


class TestWhichPromptsAVariantGot:
    def test_is_what_the_answers_said_through_edits_and_urgent_ones(
        self, reader: Client, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        answers = [runtime.resolve(f"first-{n}") for n in range(12)]
        reword(agent, prompt="Sell trips.")
        answers += [runtime.resolve(f"second-{n}") for n in range(9)]
        assert told(results(reader, experiment)) == got(answers)

        reword(agent, prompt="Sell hotels.", urgent=True)
        going_on = [each for number, each in enumerate(answers) if number % 2]
        for _ in range(2):  # whoever goes on gets a second prompt, once
            again = [
                runtime.resolve(each["visitor_id"], conversation_id=each["conversation_id"])
                for each in going_on
            ]
        body = results(reader, experiment)
        assert told(body) == got(answers) + got(again)
        assert len({digest for _, _, digest in told(body)}) == 6
        revisions = [each["revision"] for each in body["variants"][0]["prompts"]]
        assert revisions == [3, 2, 1]

    def test_try_outs_count_for_nothing(
        self, reader: Client, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.resolve("ada", playground=True)
        assert told(results(reader, experiment)) == Counter()

    def test_stands_on_the_page_by_beginnings_of_digests(
        self, reader: Client, runtime: Runtime, experiment: Experiment
    ) -> None:
        answers = [runtime.resolve(f"visitor-{n}") for n in range(12)]
        page = reader.get(experiment.get_absolute_url()).content.decode()
        table = page[page.index("prompts-by-variant") :].split("</section>")[0]
        for answer in answers:
            assert f">{answer['prompt_digest'][:8]}<" in table
            assert answer["prompt_digest"] not in table
        assert reverse("agent_revision", args=[experiment.agent_id, 1]) in table

    def test_what_an_earlier_release_decided_is_not_noted(
        self, reader: Client, experiment: Experiment
    ) -> None:
        arrive(experiment, [(3, 0), (2, 0)], at=datetime.now(UTC) - timedelta(hours=1))
        found = [variant["prompts"] for variant in results(reader, experiment)["variants"]]
        unknown: dict[str, Any] = {"revision": None, "prompt_digests": []}
        assert found == [[{**unknown, "conversations": 3}], [{**unknown, "conversations": 2}]]
        page = reader.get(experiment.get_absolute_url()).content.decode()
        assert "not noted by an earlier release" in page

    def test_a_built_in_part_that_changed_is_a_second_digest(
        self, reader: Client, runtime: Runtime, experiment: Experiment
    ) -> None:
        answer = runtime.resolve("ada")
        variant = VariantPrompt.objects.get(digest=answer["prompt_digest"]).variant
        VariantPrompt.objects.create(
            agent=experiment.agent, variant=variant, revision=1, digest="f" * 64
        )
        (prompt,) = prompts_of(experiment.agent_id, [variant.pk])[variant.pk]
        assert prompt.digests == (answer["prompt_digest"], "f" * 64)
        assert prompt.conversations == 1

    def test_is_bounded(
        self,
        reader: Client,
        runtime: Runtime,
        agent: Agent,
        experiment: Experiment,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(prompts, "MOST_COUNTED", 3)
        monkeypatch.setattr(prompts, "MOST_PROMPTS", 2)
        for number in range(3):
            reword(agent, prompt=f"Number {number}")
            for visitor in range(16):
                runtime.resolve(f"{number}-{visitor}")
        found = prompts_of(agent.pk, [each.pk for each in experiment.variants.all()])
        for counts in found.values():
            assert [(each.revision, each.conversations) for each in counts] == [(4, 3), (3, 3)]
        assert "3 or more" in reader.get(experiment.get_absolute_url()).content.decode()

    def test_is_read_by_indexes(self, runtime: Runtime, experiment: Experiment) -> None:
        runtime.resolve("ada")
        variants = [variant.pk for variant in experiment.variants.all()]
        now = datetime.now(UTC)
        Conversation.objects.bulk_create(
            Conversation(
                agent=experiment.agent,
                visitor_id=f"visitor-{number}",
                variant_id=variants[number % 2],
                decided_at=now,
                revision=1 + number % 5,
                reached_by=[9] if number % 500 == 0 else None,
            )
            for number in range(3_000)
        )
        parameters: dict[str, Any] = {
            "agent": experiment.agent_id,
            "variants": variants,
            "most": 10,
            "prompts": 10,
        }
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE conversations")
            cursor.execute("SET LOCAL enable_seqscan = off")  # the cheapest for so few prompts
            cursor.execute(f"EXPLAIN {PROMPTS}", parameters)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
        assert re.findall(r"(conversations_\w+) on", plan) == [
            "conversations_by_prompt",
            "conversations_reached",
            "conversations_by_prompt",
        ], plan


class TestEditsOfTheAgent:
    @pytest.fixture
    def edited(self, cast: Cast, agent: Agent, experiment: Experiment) -> Experiment:
        """Once before it ran and twice while it did, two days ago and now; once afterwards."""
        arrive(experiment, [(200, 20), (200, 30)], at=datetime.now(UTC) - timedelta(days=3))
        reword(agent, prompt="Sell trips.", by=cast.admin)
        experiment.events.filter(action=Action.AGENT_EDITED).update(
            created_at=datetime.now(UTC) - timedelta(days=2)
        )
        reword(agent, prompt="Sell hotels.", by=cast.owner, urgent=True)
        return experiment

    def test_are_in_the_history_of_every_running_experiment_and_of_no_other(
        self, reader: Client, cast: Cast, agent: Agent, experiment: Experiment
    ) -> None:
        draft = ExperimentFactory.create(agent=agent)
        second = lifecycle.start(
            ExperimentFactory.create(agent=agent),
            by=None,
            on_conflict=lifecycle.OnConflict.KEEP_RUNNING,
        )
        reword(agent, prompt="Sell trips.", by=cast.admin)
        for running in (experiment, second):
            (event,) = running.events.filter(action=Action.AGENT_EDITED)
            assert (event.actor, event.changes["revision"]) == (cast.admin, [1, 2])
        assert not draft.events.filter(action=Action.AGENT_EDITED).exists()
        page = reader.get(experiment.get_absolute_url()).content.decode()
        assert f"{cast.admin}</span> edited the agent while it ran" in page
        assert "Sell trips." in page
        lifecycle.stop(second, by=None)
        reword(agent, prompt="Sell hotels.")
        assert second.events.filter(action=Action.AGENT_EDITED).count() == 1
        assert experiment.events.filter(action=Action.AGENT_EDITED).count() == 2

    def test_that_fail_are_in_no_history(self, agent: Agent, experiment: Experiment) -> None:
        with pytest.raises(Invalid):
            reword(agent, name="")
        assert not experiment.events.filter(action=Action.AGENT_EDITED).exists()

    def test_are_in_the_figures(self, reader: Client, edited: Experiment) -> None:
        found = results(reader, edited)["agent_edits"]
        assert [(each["revision"], each["is_urgent"]) for each in found] == [(2, False), (3, True)]
        assert found[0]["edited_at"] < found[1]["edited_at"]
        assert set(found[0]) == {"edited_at", "revision", "is_urgent"}

    def test_stand_above_the_results_and_on_the_curves(
        self, reader: Client, cast: Cast, edited: Experiment
    ) -> None:
        page = reader.get(edited.get_absolute_url()).content.decode()
        above = page[page.index('id="results-title"') : page.index('class="verdict')]
        assert "The agent was edited while this ran" in above
        assert str(cast.owner) in above
        data = page[page.index('id="data-body"') :]
        assert data.index(str(cast.owner)) < data.index(str(cast.admin))
        assert reverse("agent_revision", args=[edited.agent_id, 2]) in data

        where = [edited.agent_id, edited.pk, "curves"]
        curves = reader.get(reverse("experiment_results_section", args=where)).content.decode()
        assert curves.count('class="chart-edit"') % 2 == 0
        day = datetime.now(UTC) - timedelta(days=2)
        made = f"<title>Agent edited, {day:%d %b %Y}: {cast.admin} made revision 2</title>"
        assert made in curves
        assert f"{cast.owner} made revision 3, urgently" in curves
        assert "Upright lines are edits of the agent." in curves

    def test_of_an_agent_left_alone_nothing_is_said(
        self, reader: Client, experiment: Experiment
    ) -> None:
        arrive(experiment, [(200, 20), (200, 30)], at=datetime.now(UTC) - timedelta(days=3))
        page = reader.get(experiment.get_absolute_url()).content.decode()
        assert "The agent was edited" not in page
        assert "chart-edit" not in page
        assert results(reader, experiment)["agent_edits"] == []
