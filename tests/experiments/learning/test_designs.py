"""Beside the form of a set-up stands what either design would take."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments.learning.designs import designs_in_words
from tests.experiments.pages.typed import typed
from tests.roles import Cast

pytestmark = pytest.mark.django_db

FIGURES = {"expected_value": 0.1, "expected_weekly": 2_000.0}


def words(agent: Agent, **sent: Any) -> dict[str, str]:
    return {each.label: each.words for each in designs_in_words(agent, sent, [1, 1])}


def test_both_are_told_in_visitors_and_weeks(agent: Agent) -> None:
    found = words(agent, design="planned", planned_lift=0.2, most_looks=5, **FIGURES)
    assert found["Watched"].startswith("7,5")
    assert found["Watched"].endswith("in 9 weeks, at the latest, for a lift of +20%.")
    assert found["Planned"].endswith("in 5 weeks, with 4 looks, for a lift of +20%.")


def test_what_is_missing_is_said_and_what_is_wrong_says_nothing(agent: Agent) -> None:
    assert "Say how many visitors a week you expect" in words(agent)["Planned"]
    assert words(agent)["Watched"] == "Nothing tells yet how long it would take."
    assert words(agent, planned_lift="much") == {}
    assert designs_in_words(agent, FIGURES, []) == []


def test_it_stands_beside_the_form_as_it_is_typed(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    page = client.get(reverse("experiment_new", args=[cast.agent.pk])).text
    assert "Nothing tells yet how long it would take." in page
    form = typed(design="watched", expected_value="10", expected_weekly="2000")
    shown = client.post(reverse("variant_preview", args=[cast.agent.pk]), form).text
    assert "with 4 looks, for a lift of +20%" in shown
