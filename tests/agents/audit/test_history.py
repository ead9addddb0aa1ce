"""Who did what in a workspace, as its Owners and Admins read it."""

import json
from http import HTTPStatus

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from agents.agents.editing import edit_agent
from agents.audit.narrative import workspace_step
from agents.models import Role, WorkspaceAction
from agents.people import invitations
from agents.workspaces import members, tokens
from agents.workspaces.editing import edit_workspace
from tests.agents.agents.edits import reword
from tests.agents.mail.delivered import forget_mail
from tests.factories import PASSWORD
from tests.glozr.outputs.reading import csv_rows, records, workbook_rows
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
    edit_workspace(
        cast.workspace,
        name="Renamed",
        time_zone="Europe/Zurich",
        retention_months=None,
        by=cast.admin,
    )
    edit_prompt(cast, "Be brief.")
    shown = page(client, cast)
    assert f"{cast.admin}</span> changed the workspace&#x27;s settings" in shown
    assert "Europe/Zurich" in shown
    assert f"edited the agent {cast.agent}" in shown
    assert "Be brief." in shown


def test_what_changes_nothing_is_not_told(cast: Cast) -> None:
    before = cast.workspace.events.count()
    edit_workspace(
        cast.workspace,
        name=cast.workspace.name,
        time_zone=cast.workspace.time_zone,
        retention_months=None,
        by=cast.admin,
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
        edit_workspace(
            cast.workspace,
            name=f"Name {number}",
            time_zone="UTC",
            retention_months=None,
            by=cast.owner,
        )
    first = page(client, cast)
    assert "Name 29" in first
    assert "Name 1<" not in first
    cursor = first.split("cursor=")[1].split('"')[0]
    assert "Name 1<" in page(client, cast, f"?cursor={cursor}")


def test_the_export_holds_everything_with_whole_texts(client: Client, cast: Cast) -> None:
    edit_prompt(cast, PROMPT)
    edit_workspace(
        cast.workspace, name="=1+1", time_zone="UTC", retention_months=None, by=cast.owner
    )
    client.force_login(cast.owner)
    rows = csv_rows(file_of(client, "workspace_history_file", cast.workspace.pk, "csv").decode())
    assert len(rows) == cast.workspace.events.count()
    (edited,) = [row for row in rows if row["action"] == "agent_edited"]
    assert json.loads(edited["changes"])["system_prompt"][1] == PROMPT
    (renamed,) = [row for row in rows if row["action"] == "workspace_edited"]
    assert json.loads(renamed["changes"])["name"][1] == "=1+1"
    book = workbook_rows(file_of(client, "workspace_history_file", cast.workspace.pk, "xlsx"))
    assert [row["What changed"] or "" for row in records(book["History"])] == [
        row["changes"] for row in rows
    ]


def test_an_agents_own_history_is_for_every_member(client: Client, cast: Cast) -> None:
    edit_prompt(cast, PROMPT)
    client.force_login(cast.editor)
    (row,) = csv_rows(file_of(client, "agent_history_file", cast.agent.pk, "csv").decode())
    assert (row["action"], row["who"]) == ("agent_edited", str(cast.admin))
    assert row["what"] == f"edited the agent {cast.agent}"
    assert json.loads(row["changes"])["system_prompt"] == ["", PROMPT]


def file_of(client: Client, name: str, *ids: object) -> bytes:
    answer = client.get(reverse(name, args=ids))
    assert answer.status_code == HTTPStatus.OK
    return b"".join(answer)


def test_a_step_of_another_workspace_is_not_there(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    edit_prompt(cast, "Be brief.")
    client.force_login(cast.outsider)
    elsewhere = cast.outsider.memberships.get().workspace_id
    event = cast.workspace.events.latest("id")
    answer = client.get(reverse("workspace_history_step", args=[elsewhere, event.pk]))
    assert answer.status_code == HTTPStatus.NOT_FOUND


def sentences(cast: Cast) -> list[str]:
    """What the history says, the oldest first, without sign-ins."""
    told = cast.workspace.events.exclude(action=WorkspaceAction.SIGNED_IN).order_by("id")
    return [f"{step.who} {step.what}" for step in map(workspace_step, told)]


def test_members_roles_invitations_and_tokens_are_told(cast: Cast) -> None:
    before = len(sentences(cast))
    members.change_role(
        cast.workspace.memberships.get(user=cast.editor), role=Role.ADMIN, by=cast.owner
    )
    invitation, _ = invitations.invite(
        workspace=cast.workspace, email="new@example.com", role=Role.EDITOR, by=cast.admin
    )
    invitations.withdraw(invitation, by=cast.owner)
    token, _ = tokens.create_token(
        workspace=cast.workspace, name="Chat", abilities=["runtime"], created_by=cast.owner
    )
    tokens.revoke_token(token, by=cast.admin)
    tokens.revoke_token(token, by=cast.admin)
    members.remove(cast.workspace.memberships.get(user=cast.editor), by=cast.owner)
    members.remove(cast.workspace.memberships.get(user=cast.admin), by=cast.admin)
    assert sentences(cast)[before:] == [
        f"{cast.owner} changed the role of {cast.editor}",
        f"{cast.admin} invited new@example.com",
        f"{cast.owner} withdrew the invitation of new@example.com",
        f"{cast.owner} created the API token Chat",
        f"{cast.admin} revoked the API token Chat",
        f"{cast.owner} removed {cast.editor}",
        f"{cast.admin} left the workspace",
    ]


def test_all_owners_hear_of_new_owners_tokens_and_removals(cast: Cast) -> None:
    forget_mail()
    members.change_role(
        cast.workspace.memberships.get(user=cast.admin), role=Role.OWNER, by=cast.owner
    )
    tokens.create_token(
        workspace=cast.workspace, name="Chat", abilities=["runtime"], created_by=cast.admin
    )
    members.remove(cast.workspace.memberships.get(user=cast.editor), by=cast.admin)
    told = [(message.to, message.body) for message in mail.outbox]
    assert sorted(to for (to,), _ in told) == sorted([cast.owner.email, cast.admin.email] * 3)
    for words in ("changed the role", "created the API token Chat", f"removed {cast.editor}"):
        assert sum(words in body for _, body in told) == 2


def test_of_lesser_changes_nobody_is_mailed(cast: Cast) -> None:
    forget_mail()
    members.change_role(
        cast.workspace.memberships.get(user=cast.editor), role=Role.ADMIN, by=cast.owner
    )
    assert not mail.outbox


def test_an_edit_of_the_agent_tells_its_revision_and_whom_it_reaches(cast: Cast) -> None:
    edit_prompt(cast, "Be brief.")
    reword(cast.agent, by=cast.owner, urgent=True)
    urgent, plain = cast.workspace.events.filter(action=WorkspaceAction.AGENT_EDITED).order_by(
        "-id"
    )
    told = [
        {line.label: (line.before, line.after) for line in workspace_step(each).differences}
        for each in (plain, urgent)
    ]
    assert told == [
        {"System prompt": ("", "Be brief."), "Revision": ("1", "2")},
        {
            "Revision": ("2", "3"),
            "Conversations under way": ("keep their revision", "get this one"),
        },
    ]
