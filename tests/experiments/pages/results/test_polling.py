"""A results page that is left open: what has not changed is not worked out and sent again, and what
has changed is never held back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from agents.agents.editing import edit_agent
from experiments import lifecycle
from experiments.lifecycle import OnConflict, editing
from experiments.models import Experiment, FoldState, VariantTotals
from experiments.results import report, rollup, totals
from tests.experiments.outcomes.concluded import OPEN, measured
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.visits import arrive

pytestmark = pytest.mark.django_db

LATELY = datetime.now(UTC) - timedelta(hours=3)
Poll = Callable[..., HttpResponse]


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    experiment = measured(cast.agent, OPEN)
    rollup.bring_up_to_date(cast.agent.pk)
    return experiment


@pytest.fixture
def poll(client: Client, cast: Cast, experiment: Experiment) -> Poll:
    """As the page asks, with the tag of the last answer."""
    client.force_login(cast.owner)
    address = reverse("experiment_results", args=[experiment.agent_id, experiment.pk])
    tag = ""

    def ask(query: str = "", by: Client = client) -> HttpResponse:
        nonlocal tag
        headers = {"HX-Request": "true", "If-None-Match": tag}
        response = by.get(address + query, headers=headers)
        tag = response.headers.get("ETag", "")
        return response  # type: ignore[return-value]

    first = ask()
    assert first.status_code == HTTPStatus.OK
    assert escape(tag) in first.text
    return ask


def test_what_has_not_changed_is_not_sent_again(
    poll: Poll, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(7):
        answer = poll()
    assert answer.status_code == HTTPStatus.NOT_MODIFIED
    assert answer.content == b""
    assert f"{datetime.now(UTC):%Y}" in answer.headers["As-Of"]


def test_nothing_is_read_or_compared_for_it(poll: Poll, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "results_of", None)
    monkeypatch.setattr(totals, "_read", None)
    assert poll().status_code == HTTPStatus.NOT_MODIFIED


def test_whatever_changes_is_sent(poll: Poll, experiment: Experiment, cast: Cast) -> None:
    def other() -> Experiment:
        return ExperimentFactory.create(agent=cast.agent, name="Another")

    steps: dict[str, Callable[[], Any]] = {
        "somebody came": lambda: arrive(experiment, [(1, 0), (0, 0)], at=LATELY),
        "a figure was corrected": lambda: VariantTotals.objects.update(converted=21),
        "the agent was edited": lambda: edit_agent(
            cast.agent,
            name="Max",
            persona={"name": "Mia", "tone": "calm"},
            system_prompt="",
            by=cast.owner,
        ),
        "another took over": lambda: lifecycle.start(
            other(), by=None, on_conflict=OnConflict.KEEP_RUNNING
        ),
        "it was renamed": lambda: editing.edit(experiment, sent={"name": "Anew"}, by=cast.owner),
        "it was stopped": lambda: lifecycle.stop(experiment, by=None),
    }
    for step, take in steps.items():
        assert poll().status_code == HTTPStatus.NOT_MODIFIED, step
        take()
        experiment.refresh_from_db()
        answer = poll()
        assert answer.status_code == HTTPStatus.OK, step
    assert "hx-get" not in answer.text


def test_another_question_and_another_reader_have_their_own(poll: Poll, cast: Cast) -> None:
    assert "Conclude" in poll("?lift=0.5").text
    editor = Client()
    editor.force_login(cast.editor)
    answer = poll("?lift=0.5", by=editor)
    assert answer.status_code == HTTPStatus.OK
    assert "Conclude" not in answer.text


def test_what_only_the_clock_changes_is_sent_within_ten_minutes(
    poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(minutes=10)
    monkeypatch.setattr("experiments.pages.results.pages.timezone.now", lambda: later)
    assert poll().status_code == HTTPStatus.OK


class TestState:
    def state(self, experiment: Experiment) -> Any:
        return FoldState.objects.get(agent=experiment.agent_id).state

    def test_is_another_after_every_change_of_totals(self, experiment: Experiment) -> None:
        seen = {self.state(experiment)}
        row = VariantTotals.objects.filter(agent=experiment.agent_id).latest("pk")
        for change in (row.save, row.delete, lambda: rollup.rebuild(row.agent_id, experiment.pk)):
            change()
            assert self.state(experiment) not in seen
            seen.add(self.state(experiment))

    def test_what_was_read_is_kept_under_it(
        self, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = [variant.pk for variant in experiment.variants.all()]

        def read() -> totals.Reading:
            state = rollup.state_of(experiment.agent_id)
            return totals.read(experiment.agent_id, ids, "UTC", state=state)

        first = read()
        assert read() is first
        VariantTotals.objects.filter(variant=ids[0]).update(visitors=201)
        assert totals.altogether(read().days.values())[ids[0]].visitors == 201
