"""A workspace, its Owner and an agent, made on the command line."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from agents import limits
from agents.models import Agent, Role, User, Workspace
from tests.agents.management.terminal import refusal_of, said_by
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


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
        self.create(name="n" * limits.WORKSPACE_NAME)
        assert Agent.objects.get().name.endswith(" assistant")

    @pytest.mark.parametrize("owner", ["", "ada", "ada@", "ada@example.com,bob@example.com"])
    def test_an_owner_whom_no_mail_reaches_is_refused(self, owner: str) -> None:
        assert self.refused(owner=owner).startswith("email: ")

    @pytest.mark.parametrize("name", ["", "  ", "n" * (limits.WORKSPACE_NAME + 1)])
    def test_a_name_that_is_none_is_refused(self, name: str) -> None:
        assert self.refused(name=name).startswith("name: ")

    def test_every_mistake_is_told_at_once(self) -> None:
        refusal = self.refused(name="", time_zone="Mars/Olympus")
        assert "name: " in refusal
        assert "time_zone: Mars/Olympus is not a time zone." in refusal
