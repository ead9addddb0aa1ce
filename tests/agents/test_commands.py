"""The commands that an operator types: what they make, and what they say to a mistyped one."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from agents.models import Ability, Agent, ApiToken, Role, User, Workspace
from agents.workspaces import tokens
from tests.factories import PASSWORD, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


def said_by(command: str, *arguments: str, **options: Any) -> str:
    said = StringIO()
    call_command(command, *arguments, stdout=said, **options)
    return said.getvalue()


def refusal_of(command: str, *arguments: str, **options: Any) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command(command, *arguments, **options)
    return str(refusal.value)


class TestCreateWorkspace:
    def create(self, name: str = "Northwind", owner: str = "ada@example.com", **more: str) -> str:
        return said_by("create_workspace", name, owner=owner, **more)

    def refused(self, name: str = "Northwind", owner: str = "ada@example.com", **more: str) -> str:
        refusal = refusal_of("create_workspace", name, owner=owner, **more)
        assert not Workspace.objects.exists()
        assert not User.objects.exists()
        return refusal

    def test_makes_a_workspace_its_owner_and_an_agent(self) -> None:
        said = self.create(time_zone="Europe/Zurich")
        workspace = Workspace.objects.get(name="Northwind", time_zone="Europe/Zurich")
        membership = workspace.memberships.get()
        assert (membership.user.email, membership.role) == ("ada@example.com", Role.OWNER)
        assert f"Workspace Northwind: {workspace.pk}" in said
        assert f"Agent Northwind assistant: {Agent.objects.get(workspace=workspace).pk}" in said

    def test_a_new_owner_sets_a_password_by_mail_as_it_says(self, client: Client) -> None:
        assert "reset it on the sign-in page" in self.create()
        client.post(reverse("account_reset_password"), {"email": "ada@example.com"})
        (sent,) = mail.outbox
        link = re.search(r"https?://testserver(\S+)", str(sent.body))
        assert link
        form = client.get(link[1], follow=True).redirect_chain[-1][0]
        client.post(form, {"password1": "seven-otters-dance", "password2": "seven-otters-dance"})
        sign_in = {"login": "ada@example.com", "password": "seven-otters-dance"}
        client.post(reverse("account_login"), sign_in)
        assert client.get(reverse("agent_list")).status_code == 200

    def test_somebody_with_an_account_keeps_it(self) -> None:
        ada = UserFactory.create(email="ada@example.com")
        assert "password" not in self.create(owner=" Ada@Example.com ")
        assert Workspace.objects.get().memberships.get().user == ada
        ada.refresh_from_db()
        assert ada.check_password(PASSWORD)

    def test_the_longest_name_is_not_too_long_for_its_agent(self) -> None:
        self.create(name="n" * 120)
        assert Agent.objects.get().name.endswith(" assistant")

    @pytest.mark.parametrize("owner", ["", "ada", "ada@", "ada@example.com,bob@example.com"])
    def test_an_owner_whom_no_mail_reaches_is_refused(self, owner: str) -> None:
        assert self.refused(owner=owner).startswith("email: ")

    @pytest.mark.parametrize("name", ["", "  ", "n" * 121])
    def test_a_name_that_is_none_is_refused(self, name: str) -> None:
        assert self.refused(name=name).startswith("name: ")

    def test_every_mistake_is_told_at_once(self) -> None:
        refusal = self.refused(name="", time_zone="Mars/Olympus")
        assert "name: " in refusal
        assert "time_zone: Mars/Olympus is not a time zone." in refusal


class TestCreateToken:
    def create(self, workspace: str, *abilities: str, name: str = "Chat") -> str:
        given = [f"--ability={ability}" for ability in abilities or ["runtime"]]
        return said_by("create_token", workspace, f"--name={name}", *given)

    def test_prints_a_key_that_works_and_nothing_else(self) -> None:
        workspace = WorkspaceFactory.create(name="Northwind")
        key = self.create("Northwind").removesuffix("\n")
        token = tokens.usable_token(key)
        assert token is not None
        assert (token.workspace, token.name, token.abilities) == (workspace, "Chat", ["runtime"])

    def test_the_database_does_not_hold_the_key(self) -> None:
        key = self.create(str(WorkspaceFactory.create().pk)).strip()
        stored = ApiToken.objects.values().get()
        assert all(key not in str(value) for value in stored.values())
        assert all(key[8:] not in str(value) for value in stored.values())

    def test_takes_several_abilities_and_each_once(self) -> None:
        WorkspaceFactory.create(name="Northwind")
        self.create("Northwind", Ability.WRITE, Ability.RUNTIME, Ability.WRITE)
        assert ApiToken.objects.get().abilities == [Ability.RUNTIME, Ability.WRITE]

    def test_of_several_workspaces_of_a_name_it_asks_which_and_takes_the_id(self) -> None:
        first, second = WorkspaceFactory.create_batch(2, name="Northwind")
        refusal = refusal_of("create_token", "Northwind", "--name=Chat", "--ability=runtime")
        for workspace in (first, second):
            assert str(workspace.pk) in refusal
        assert not ApiToken.objects.exists()
        self.create(str(second.pk))
        assert ApiToken.objects.get().workspace == second

    @pytest.mark.parametrize("workspace", ["Nowhere", "", "01a20e26-fbe1-746f-9dce-951914b5d14f"])
    def test_a_workspace_that_is_not_there_is_told(self, workspace: str) -> None:
        refusal = refusal_of("create_token", workspace, "--name=Chat", "--ability=runtime")
        assert refusal == f"There is no workspace {workspace}."

    def test_an_unknown_ability_is_told_with_those_there_are(self) -> None:
        WorkspaceFactory.create(name="Northwind")
        refusal = refusal_of("create_token", "Northwind", "--name=Chat", "--ability=everything")
        for ability in Ability.values:
            assert ability in refusal
        assert not ApiToken.objects.exists()

    @pytest.mark.parametrize("name", ["", " ", "n" * 81])
    def test_a_name_that_is_none_is_refused(self, name: str) -> None:
        WorkspaceFactory.create(name="Northwind")
        refusal = refusal_of("create_token", "Northwind", f"--name={name}", "--ability=runtime")
        assert refusal.startswith("name: ")
