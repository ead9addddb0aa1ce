"""A key for a program, made on the command line."""

import pytest
from django.utils import timezone

from agents import limits
from agents.models import Ability, ApiToken
from agents.workspaces import tokens
from tests.agents.management.terminal import refusal_of, said_by
from tests.factories import AgentFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


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

    @pytest.mark.parametrize("name", ["", " ", "n" * (limits.TOKEN_NAME + 1)])
    def test_a_name_that_is_none_is_refused(self, name: str) -> None:
        WorkspaceFactory.create(name="Northwind")
        refusal = refusal_of("create_token", "Northwind", f"--name={name}", "--ability=runtime")
        assert refusal.startswith("name: ")

    def test_binds_it_to_an_end_agents_and_networks(self) -> None:
        agent = AgentFactory.create()
        said_by(
            "create_token",
            str(agent.workspace.pk),
            "--name=Chat",
            "--ability=runtime",
            "--days=30",
            f"--agent={agent.pk}",
            "--network=203.0.113.0/24",
            "--network=2001:db8::/32",
        )
        token = ApiToken.objects.get()
        assert token.agent_ids == [agent.pk]
        assert token.networks == ["203.0.113.0/24", "2001:db8::/32"]
        assert token.expires_at is not None
        assert 29 <= (token.expires_at - timezone.now()).days <= 30

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("--days=0", "--days"),
            ("--network=somewhere", "networks: "),
            ("--agent=01a20e26-fbe1-746f-9dce-951914b5d14f", "agent_ids: "),
        ],
    )
    def test_what_binds_it_to_nothing_is_refused(self, given: str, said: str) -> None:
        WorkspaceFactory.create(name="Northwind")
        refusal = refusal_of("create_token", "Northwind", "--name=x", "--ability=runtime", given)
        assert refusal.startswith(said)
        assert not ApiToken.objects.exists()
