"""The history of an experiment: short on its page, whole a click away."""

from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from experiments.lifecycle import editing
from experiments.models import Experiment
from tests.factories import ExperimentFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db


def variants(number: int) -> list[dict[str, object]]:
    """Ten, each with a config near the limit; one of them says `number`."""
    text = "Get 10% off your first trip. " * 500
    return [
        {
            "name": f"variant {index}",
            "weight": 1,
            "config": {"text": f"{text}{number if index == 9 else index}"},
        }
        for index in range(10)
    ]


@pytest.fixture
def edited(cast: Cast) -> Experiment:
    """Thirty times, each time one of ten long configs."""
    made = editing.create(
        agent=cast.agent,
        sent={"name": "Offers", "kind": "cta", "variants": variants(0)},
        by=cast.owner,
    )
    for number in range(1, 31):
        editing.edit(made, sent={"variants": variants(number)}, by=cast.owner)
    return made


def test_thirty_edits_of_long_texts_are_little_to_store_and_to_show(
    client: Client, cast: Cast, edited: Experiment
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT sum(length(changes::text)) FROM experiment_events),"
            " (SELECT sum(length(content)) FROM kept_texts)"
        )
        of_events, of_texts = cursor.fetchone()
    assert of_events < 300_000
    assert of_texts < 45 * 16_384  # nine that stayed, and one for each edit
    client.force_login(cast.owner)
    shown = client.get(reverse("experiment_history", args=[cast.agent.pk, edited.pk]))
    assert len(shown.content) < 100_000


def test_a_step_shows_its_texts_whole(client: Client, cast: Cast, edited: Experiment) -> None:
    client.force_login(cast.editor)
    step = edited.events.latest("id")
    address = reverse("experiment_step", args=[cast.agent.pk, edited.pk, step.pk])
    history = client.get(reverse("experiment_history", args=[cast.agent.pk, edited.pk]))
    assert address in history.content.decode()
    whole = client.get(address).content.decode()
    assert "first trip. 30" in whole
    assert "first trip. 29" in whole
    assert "first trip. 8" not in whole


def test_a_step_of_another_experiment_is_not_there(
    client: Client, cast: Cast, edited: Experiment
) -> None:
    client.force_login(cast.owner)
    other = ExperimentFactory.create(agent=cast.agent)
    step = edited.events.latest("id")
    address = reverse("experiment_step", args=[cast.agent.pk, other.pk, step.pk])
    assert client.get(address).status_code == HTTPStatus.NOT_FOUND
