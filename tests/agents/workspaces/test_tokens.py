"""API tokens: what is kept of a key, when it stops working and how its use is noted."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from agents import limits
from agents.models import Ability, ApiToken, Workspace
from agents.workspaces import tokens
from glozr.errors import Invalid
from tests.factories import WorkspaceFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory.create()


@pytest.fixture
def made(workspace: Workspace) -> tuple[ApiToken, str]:
    return tokens.create_token(workspace=workspace, name="Chat", abilities=[Ability.RUNTIME])


def test_nothing_stored_gives_the_key_away(made: tuple[ApiToken, str]) -> None:
    token, key = made
    stored = [str(value) for value in ApiToken.objects.values().get(pk=token.pk).values()]
    assert key.startswith("glz_")
    assert len(key) >= 40
    assert not any(key in value or key[8:] in value for value in stored)
    assert key.startswith(token.hint)


def test_every_key_is_another(workspace: Workspace) -> None:
    keys = {
        tokens.create_token(workspace=workspace, name="Chat", abilities=["runtime"])[1]
        for _ in range(20)
    }
    assert len(keys) == 20


def test_only_the_whole_key_finds_its_token(made: tuple[ApiToken, str]) -> None:
    token, key = made
    assert tokens.usable_token(key) == token
    for other in (key[:-1], key + "x", key.swapcase(), token.digest, token.hint, "", "\udfff"):
        assert tokens.usable_token(other) is None


def test_a_revoked_key_is_refused_from_now_on(made: tuple[ApiToken, str]) -> None:
    token, key = made
    tokens.revoke_token(token)
    assert tokens.usable_token(key) is None


def test_revoking_again_keeps_the_first_time(made: tuple[ApiToken, str]) -> None:
    token, _ = made
    earlier = timezone.now() - timedelta(days=1)
    ApiToken.objects.update(revoked_at=earlier)
    tokens.revoke_token(token)
    token.refresh_from_db()
    assert token.revoked_at == earlier


@pytest.mark.parametrize(
    ("abilities", "name", "field"),
    [
        ([], "Chat", "abilities"),
        (["everything"], "Chat", "abilities"),
        (["runtime"], "", "name"),
        (["runtime"], "  ", "name"),
        (["runtime"], "x" * (limits.TOKEN_NAME + 1), "name"),
    ],
)
def test_a_token_has_a_name_and_an_ability(
    workspace: Workspace, abilities: list[str], name: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        tokens.create_token(workspace=workspace, name=name, abilities=abilities)
    assert field in {error.field for error in refusal.value.errors}
    assert not ApiToken.objects.exists()


class TestTouch:
    """`last_used_at` may lag a minute behind, so that a busy token is not written at each call."""

    def used(self, token: ApiToken, *, ago: timedelta | None) -> None:
        ApiToken.objects.filter(pk=token.pk).update(
            last_used_at=None if ago is None else timezone.now() - ago
        )

    @pytest.mark.parametrize("ago", [None, timedelta(seconds=61), timedelta(days=9)])
    def test_notes_the_first_use_in_a_minute(
        self, made: tuple[ApiToken, str], ago: timedelta | None
    ) -> None:
        token, _ = made
        self.used(token, ago=ago)
        tokens.touch(token.pk)
        token.refresh_from_db()
        assert token.last_used_at
        assert timezone.now() - token.last_used_at < timedelta(seconds=30)

    def test_leaves_a_later_use_in_the_minute_alone(self, made: tuple[ApiToken, str]) -> None:
        token, _ = made
        self.used(token, ago=timedelta(seconds=50))
        before = ApiToken.objects.get(pk=token.pk).last_used_at
        tokens.touch(token.pk)
        token.refresh_from_db()
        assert token.last_used_at == before

    def test_notes_nothing_of_another_token(
        self, made: tuple[ApiToken, str], workspace: Workspace
    ) -> None:
        other, _ = tokens.create_token(workspace=workspace, name="Other", abilities=["runtime"])
        tokens.touch(made[0].pk)
        other.refresh_from_db()
        assert other.last_used_at is None


@pytest.mark.django_db(transaction=True)
def test_who_notes_a_use_does_not_wait_for_who_notes_the_same(made: tuple[ApiToken, str]) -> None:
    token, _ = made
    with transaction.atomic():
        ApiToken.objects.select_for_update().get(pk=token.pk)
        at_once([lambda: tokens.touch(token.pk)])  # over another connection
    token.refresh_from_db()
    assert token.last_used_at is None
