"""How much a workspace may hold: one more is refused with what to do, however many ask at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents import limits
from agents.agents.editing import create_agent
from agents.models import Role, User
from agents.people import invitations
from agents.workspaces import members, tokens
from glozr.errors import Conflict
from tests.agents.management.terminal import refusal_of
from tests.factories import PASSWORD, UserFactory
from tests.roles import Cast, make_cast, signed_in
from tests.threads import at_once

AT_MOST = 6


@dataclass(frozen=True)
class Quota:
    limit: str
    make: Callable[[Cast, int], object]
    count: Callable[[Cast], int]
    what_to_do: str


def join(cast: Cast, number: int) -> None:
    user, _ = User.objects.get_or_create(email=f"joins{number}@example.com")
    members.add(workspace=cast.workspace, user=user, role=Role.EDITOR)


QUOTAS = {
    "agents": Quota(
        "AGENTS",
        lambda cast, n: create_agent(workspace=cast.workspace, name=f"Agent {n}", by=cast.owner),
        lambda cast: cast.workspace.agents.count(),
        "Use one of those",
    ),
    "members": Quota(
        "MEMBERS",
        join,
        lambda cast: cast.workspace.memberships.count(),
        "An Owner or Admin has to remove somebody first",
    ),
    "invitations": Quota(
        "OPEN_INVITATIONS",
        lambda cast, n: invitations.invite(
            workspace=cast.workspace,
            email=f"invited{n}@example.com",
            role=Role.EDITOR,
            by=cast.owner,
        ),
        lambda cast: cast.workspace.invitations.count(),
        "Withdraw some of those first",
    ),
    "tokens": Quota(
        "TOKENS",
        lambda cast, n: tokens.create_token(
            workspace=cast.workspace, name=f"Token {n}", abilities=["runtime"]
        ),
        lambda cast: cast.workspace.tokens.count(),
        "Revoke one that is no longer used",
    ),
}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for quota in QUOTAS.values():
        monkeypatch.setattr(limits, quota.limit, AT_MOST)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", QUOTAS)
def test_one_more_is_refused_with_what_to_do_however_many_ask_at_once(name: str, few: None) -> None:
    cast, quota = make_cast(), QUOTAS[name]
    said = []

    def ask(number: int) -> Callable[[], None]:
        def make() -> None:
            try:
                quota.make(cast, number)
            except Conflict as refused:
                said.append((refused.code, refused.detail))

        return make

    there = quota.count(cast)
    at_once([ask(number) for number in range(8)])
    assert quota.count(cast) == AT_MOST
    assert len(said) == 8 - (AT_MOST - there)
    assert {code for code, _ in said} == {"too_many"}
    assert all(quota.what_to_do in detail for _, detail in said)


@pytest.mark.django_db
@pytest.mark.usefixtures("few")
class TestAtTheLimit:
    def fill(self, cast: Cast, name: str) -> None:
        for number in range(AT_MOST - QUOTAS[name].count(cast)):
            QUOTAS[name].make(cast, number)

    def test_a_member_may_get_another_role(self, cast: Cast) -> None:
        self.fill(cast, "members")
        members.add(workspace=cast.workspace, user=cast.editor, role=Role.ADMIN)
        assert cast.workspace.memberships.get(user=cast.editor).role == Role.ADMIN

    def test_nobody_is_invited_who_could_not_join(self, cast: Cast) -> None:
        self.fill(cast, "members")
        with pytest.raises(Conflict, match="remove somebody"):
            QUOTAS["invitations"].make(cast, 1)

    def test_an_invitation_stays_open_for_when_there_is_room(self, cast: Cast) -> None:
        invitation, secret = invitations.invite(
            workspace=cast.workspace, email="new@example.com", role=Role.EDITOR, by=cast.owner
        )
        proof = invitations.proof_of(invitation)
        self.fill(cast, "members")
        with pytest.raises(Conflict, match="remove somebody"):
            invitations.sign_up(secret, proof=proof, name="Ada", password=PASSWORD)
        assert not User.objects.filter(email="new@example.com").exists()
        members.remove(cast.workspace.memberships.get(user=cast.editor), by=cast.owner)
        invitations.sign_up(secret, proof=proof, name="Ada", password=PASSWORD)

    def test_revoked_tokens_do_not_count(self, cast: Cast) -> None:
        self.fill(cast, "tokens")
        tokens.revoke_token(cast.workspace.tokens.all()[0])
        QUOTAS["tokens"].make(cast, 99)

    def test_the_pages_say_so(self, cast: Cast) -> None:
        self.fill(cast, "agents")
        self.fill(cast, "tokens")
        client = signed_in(cast.owner)
        agent: dict[str, Any] = {"name": "One more", "persona_name": "Max"}
        token = {"name": "One more", "abilities": ["runtime"]}
        for name, sent, said in (
            ("agent_new", agent, "Use one of those"),
            ("tokens", token, "Revoke one"),
        ):
            page = client.post(reverse(name, args=[cast.workspace.pk]), sent)
            assert page.status_code == 409
            assert said in page.content.decode()

    def test_the_invited_are_told_on_the_page(self, cast: Cast, client: Client) -> None:
        invited = UserFactory.create(email="new@example.com")
        _, secret = invitations.invite(
            workspace=cast.workspace, email=invited.email, role=Role.EDITOR, by=cast.owner
        )
        self.fill(cast, "members")
        page = signed_in(invited).post(reverse("invitation", args=[secret]))
        assert page.status_code == 409
        assert "remove somebody first" in page.content.decode()

    def test_the_command_says_so(self, cast: Cast) -> None:
        self.fill(cast, "tokens")
        workspace = str(cast.workspace.pk)
        said = refusal_of("create_token", workspace, "--name=Chat", "--ability=runtime")
        assert "Revoke one" in said
