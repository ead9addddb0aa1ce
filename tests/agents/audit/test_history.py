"""Who did what in a workspace, as its Owners and Admins read it."""

import csv
import json
from http import HTTPStatus
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse

from agents.agents.editing import edit_agent
from agents.models import WorkspaceAction
from agents.workspaces.editing import edit_workspace
from tests.factories import PASSWORD
from tests.roles import Cast

pytestmark = pytest.mark.django_db

PROMPT = "You help visitors of Northwind Travel. " * 400


def edit_prompt(cast: Cast, text: str) -> None:
    edit_agent(
        cast.agent,
        name=cast.agent.name,
        persona=cast.agent.persona,
        system_prompt=text,
        by=cast.admin,
    )


def page(client: Client, cast: Cast, query: str = "") -> str:
    client.force_login(cast.owner)
    answer = client.get(reverse("workspace_history", args=[cast.workspace.pk]) + query)
    assert answer.status_code == HTTPStatus.OK
    return answer.content.decode()


def test_settings_and_prompts_are_told_with_what_changed(client: Client, cast: Cast) -> None:
    edit_workspace(cast.workspace, name="Renamed", time_zone="Europe/Zurich", by=cast.admin)
    edit_prompt(cast, "Be brief.")
    shown = page(client, cast)
    assert f"{cast.admin}</span> changed the workspace&#x27;s settings" in shown
    assert "Europe/Zurich" in shown
    assert f"edited the agent {cast.agent}" in shown
    assert "Be brief." in shown


def test_what_changes_nothing_is_not_told(cast: Cast) -> None:
    before = cast.workspace.events.count()
    edit_workspace(
        cast.workspace, name=cast.workspace.name, time_zone=cast.workspace.time_zone, by=cast.admin
    )
    edit_prompt(cast, cast.agent.system_prompt)
    assert cast.workspace.events.count() == before


def test_a_sign_in_is_told_in_every_workspace_of_the_person(client: Client, cast: Cast) -> None:
    cast.editor.set_password(PASSWORD)
    cast.editor.save()
    client.post(reverse("account_login"), {"login": cast.editor.email, "password": PASSWORD})
    (event,) = cast.workspace.events.filter(action=WorkspaceAction.SIGNED_IN)
    assert event.actor == cast.editor
    elsewhere = cast.outsider.memberships.get().workspace
    assert not elsewhere.events.filter(action=WorkspaceAction.SIGNED_IN).exists()


def test_long_texts_are_a_link_and_thirty_edits_a_small_page(client: Client, cast: Cast) -> None:
    for number in range(30):
        edit_prompt(cast, f"{PROMPT}{number}")
    shown = page(client, cast)
    assert len(shown) < 100_000
    event = cast.workspace.events.filter(action=WorkspaceAction.AGENT_EDITED).latest("id")
    link = reverse("workspace_history_step", args=[cast.workspace.pk, event.pk])
    assert link in shown
    whole = client.get(link).content.decode()
    assert f"{PROMPT}29" in whole


def test_older_steps_are_on_further_pages(client: Client, cast: Cast) -> None:
    for number in range(30):
        edit_workspace(cast.workspace, name=f"Name {number}", time_zone="UTC", by=cast.owner)
    first = page(client, cast)
    assert "Name 29" in first
    assert "Name 1<" not in first
    cursor = first.split("cursor=")[1].split('"')[0]
    assert "Name 1<" in page(client, cast, f"?cursor={cursor}")


def test_the_export_holds_everything_with_whole_texts(client: Client, cast: Cast) -> None:
    edit_prompt(cast, PROMPT)
    edit_workspace(cast.workspace, name="=1+1", time_zone="UTC", by=cast.owner)
    client.force_login(cast.owner)
    answer = client.get(reverse("workspace_history_csv", args=[cast.workspace.pk]))
    text = b"".join(answer).decode()
    rows = list(csv.DictReader(StringIO(text)))
    assert len(rows) == cast.workspace.events.count()
    (edited,) = [row for row in rows if row["action"] == "agent_edited"]
    assert json.loads(edited["changes"])["system_prompt"][1] == PROMPT


def test_a_step_of_another_workspace_is_not_there(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    edit_prompt(cast, "Be brief.")
    client.force_login(cast.outsider)
    elsewhere = cast.outsider.memberships.get().workspace_id
    event = cast.workspace.events.latest("id")
    answer = client.get(reverse("workspace_history_step", args=[elsewhere, event.pk]))
    assert answer.status_code == HTTPStatus.NOT_FOUND
