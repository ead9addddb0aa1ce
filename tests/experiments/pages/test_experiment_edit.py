"""Changing an experiment: drafts, frozen ones, and two people at once."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from experiments import lifecycle
from experiments.lifecycle import editing
from experiments.models import Experiment
from tests.experiments.pages.typed import CONTROL, TREATMENT, typed
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast) -> Experiment:
    return ExperimentFactory.create(agent=cast.agent, name="Aria or Max", by=cast.owner)


def edit_url(experiment: Experiment) -> str:
    return reverse("experiment_edit", args=[experiment.agent_id, experiment.pk])


def as_shown(page: Any) -> dict[str, str]:
    """What a browser would post of the form on `page`."""
    form = page.context["form"]
    return typed(*(row.typed for row in form.rows), **form.typed)


def test_a_form_sent_as_it_was_opened_changes_nothing(admin: Client, draft: Experiment) -> None:
    page = admin.get(edit_url(draft))
    before = draft.events.count()
    response = admin.post(edit_url(draft), as_shown(page))
    assert response["Location"] == draft.get_absolute_url()
    draft.refresh_from_db()
    assert (draft.version, draft.events.count()) == (1, before)


def test_a_change_is_stored_and_noted_with_who_made_it(
    admin: Client, cast: Cast, draft: Experiment
) -> None:
    post = as_shown(admin.get(edit_url(draft))) | {"variants-1-weight": "70"}
    admin.post(edit_url(draft), post)
    assert draft.variants.get(name="treatment").weight == 70
    assert draft.events.latest("created_at").actor == cast.admin


def test_a_second_save_is_told_and_overwrites_nothing(
    admin: Client, cast: Cast, draft: Experiment
) -> None:
    opened = as_shown(admin.get(edit_url(draft)))
    editing.edit(draft, sent={"name": "Theirs"}, by=cast.owner)
    mine = opened | {"name": "Mine", "variants-1-persona_tone": "dry"}
    told = admin.post(edit_url(draft), mine)
    assert told.status_code == HTTPStatus.CONFLICT
    draft.refresh_from_db()
    assert draft.name == "Theirs"
    differences = {line.label: (line.before, line.after) for line in told.context["differences"]}
    assert differences == {
        "Name": ("Theirs", "Mine"),
        "treatment: persona tone": ("warm and concise", "dry"),
    }
    page = told.content.decode()
    assert "owner@example.com edited it" in page
    assert 'value="Mine"' in page

    again = admin.post(edit_url(draft), as_shown(told))
    assert again["Location"] == draft.get_absolute_url()
    draft.refresh_from_db()
    assert draft.name == "Mine"


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "99", "9" * 5_000])
def test_a_version_that_nobody_has_seen_overwrites_nothing(
    admin: Client, draft: Experiment, version: str
) -> None:
    told = admin.post(edit_url(draft), typed(name="Mine", version=version))
    assert told.status_code == HTTPStatus.CONFLICT
    assert told.context["form"].typed["version"] == "1"
    draft.refresh_from_db()
    assert draft.name == "Aria or Max"


def test_an_experiment_started_meanwhile_keeps_its_variants(
    admin: Client, draft: Experiment
) -> None:
    opened = as_shown(admin.get(edit_url(draft)))
    lifecycle.start(draft, by=None)
    told = admin.post(edit_url(draft), opened | {"variants-1-weight": "70"})
    assert told.status_code == HTTPStatus.CONFLICT
    page = told.content.decode()
    assert "It is running" in page
    assert "What you typed is what is stored now" not in page
    assert draft.variants.get(name="treatment").weight == 50

    to_new = reverse("experiment_new", args=[draft.agent_id])
    part = page.split(f'action="{to_new}"')[1].split("</form>")[0]
    carried = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', part))
    new = admin.post(to_new, carried | {"action": "carry"}).context["form"]
    assert [row.typed["weight"] for row in new.rows] == ["50", "70"]
    assert new.typed["name"] == draft.name


def test_a_frozen_experiment_takes_a_name_and_a_hypothesis_only(
    admin: Client, cast: Cast, draft: Experiment, runtime: Runtime
) -> None:
    lifecycle.start(draft, by=None)
    runtime.resolve("visitor")
    stopped = lifecycle.stop(draft, by=None)
    page = admin.get(edit_url(draft)).content.decode()
    assert "Visitors have been assigned" in page
    assert reverse("experiment_duplicate", args=[cast.agent.pk, draft.pk]) in page
    assert "variants-0-name" not in page
    post = typed(
        CONTROL, TREATMENT | {"weight": "70"}, name="New name", version=str(stopped.version)
    )
    admin.post(edit_url(draft), post)
    draft.refresh_from_db()
    assert draft.name == "New name"
    assert draft.variants.get(name="treatment").weight == 50


def test_what_was_deleted_meanwhile_is_gone(admin: Client, draft: Experiment) -> None:
    opened = as_shown(admin.get(edit_url(draft)))
    lifecycle.delete(draft, by=None)
    assert admin.post(edit_url(draft), opened).status_code == HTTPStatus.NOT_FOUND
