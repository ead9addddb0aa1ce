"""What a token is bound to holds at once, for the runtime and for the management API alike."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import limits
from agents.models import Ability, Agent, ApiToken, Conversation, Lead
from agents.workspaces import tokens
from agents.workspaces.keys import new_key
from agents.workspaces.tokens import Bounds
from glozr.errors import Conflict, Invalid, OutOfDate
from glozr.ids import new_id
from tests.factories import AgentFactory
from tests.roles import Cast
from tests.runtime import Runtime
from tests.threads import at_once

pytestmark = pytest.mark.django_db
HERE = "127.0.0.0/8"  # where the test client calls from


def make(agent: Agent, bounds: Bounds = tokens.UNBOUND) -> tuple[ApiToken, Runtime]:
    token, key = tokens.create_token(
        workspace=agent.workspace, name="Chat", abilities=Ability.values, bounds=bounds
    )
    return token, Runtime(agent.pk, key)


def asked(runtime: Runtime, **headers: str) -> tuple[tuple[int, str], ...]:
    """Status and code of each kind of call: an assignment, a message, a lead, one that is broken,
    and one of the management API."""
    headers = {"authorization": f"Bearer {runtime.key}", **headers}
    said = {"visitor_id": "ada", "role": "visitor", "content": "Hello"}
    answers = [
        runtime.post("assignments/", {"visitor_id": "ada"}, **headers),
        runtime.post(f"conversations/{new_id()}/messages/", said, **headers),
        runtime.post("leads/", {"visitor_id": "ada", "email": "ada@example.com"}, **headers),
        runtime.post("assignments/", {}, **headers),
    ]
    listed = Client().get(reverse("api_experiments", args=[runtime.agent_id]), headers=headers)
    codes = [(answer.status, answer.body.get("code", "")) for answer in answers]
    return (*codes, (listed.status_code, listed.json().get("code", "")))


def everywhere(status: int, code: str) -> tuple[tuple[int, str], ...]:
    return ((status, code),) * 5


def stored() -> tuple[int, int]:
    return Conversation.objects.count(), Lead.objects.count()


def end_now(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())


ANSWERED = ((200, ""), (201, ""), (201, ""), (400, "invalid"), (200, ""))
REFUSED = everywhere(401, "not_authenticated")


def test_without_bounds_it_is_for_all_agents_for_ever(agent: Agent) -> None:
    token, runtime = make(agent)
    assert (token.expires_at, token.agent_ids, token.networks) == (None, None, None)
    assert asked(runtime) == ANSWERED


class TestEnd:
    def test_it_is_refused_from_then_on(self, agent: Agent) -> None:
        token, runtime = make(agent, Bounds(expires_at=timezone.now() + timedelta(days=1)))
        assert asked(runtime) == ANSWERED
        before = stored()
        ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
        assert asked(runtime) == REFUSED
        assert stored() == before

    def test_one_that_is_past_is_refused(self, agent: Agent) -> None:
        with pytest.raises(Invalid) as refusal:
            make(agent, Bounds(expires_at=timezone.now()))
        assert [error.field for error in refusal.value.errors] == ["expires_at"]


class TestAgents:
    def test_another_agent_of_the_workspace_is_not_there(self, agent: Agent) -> None:
        other = AgentFactory.create(workspace=agent.workspace)
        _, runtime = make(agent, Bounds(agent_ids=[agent.pk]))
        assert asked(runtime) == ANSWERED
        before = stored()
        assert asked(Runtime(other.pk, runtime.key)) == everywhere(404, "not_found")
        assert asked(Runtime(new_id(), runtime.key)) == everywhere(404, "not_found")
        assert stored() == before

    def test_several_may_be_chosen(self, agent: Agent) -> None:
        other = AgentFactory.create(workspace=agent.workspace)
        _, runtime = make(agent, Bounds(agent_ids=[agent.pk, other.pk]))
        assert asked(runtime)[0] == asked(Runtime(other.pk, runtime.key))[0] == (200, "")

    @pytest.mark.parametrize("whose", ["another workspace's", "nobody's", "too many"])
    def test_only_agents_of_the_workspace(self, agent: Agent, whose: str) -> None:
        ids = {
            "another workspace's": lambda: [agent.pk, AgentFactory.create().pk],
            "nobody's": lambda: [new_id()],
            "too many": lambda: [new_id() for _ in range(limits.TOKEN_AGENTS + 1)],
        }[whose]()
        with pytest.raises(Invalid) as refusal:
            make(agent, Bounds(agent_ids=ids))
        assert [error.field for error in refusal.value.errors] == ["agent_ids"]
        assert not ApiToken.objects.exists()


class TestNetworks:
    def test_it_may_be_used_from_them_alone(self, agent: Agent) -> None:
        _, near = make(agent, Bounds(networks=["203.0.113.0/24", HERE]))
        token, far = make(agent, Bounds(networks=["203.0.113.0/24", "2001:db8::/32"]))
        assert asked(near) == ANSWERED
        before = stored()
        assert asked(far) == everywhere(403, "network_not_allowed")
        assert stored() == before
        token.refresh_from_db()
        assert token.last_used_at is None

    def test_a_caller_behind_a_proxy_is_who_the_proxy_says(
        self, agent: Agent, settings: Any
    ) -> None:
        _, runtime = make(agent, Bounds(networks=["203.0.113.0/24"]))
        settings.PROXY_COUNT = 1
        assert asked(runtime, **{"x-forwarded-for": "10.9.9.9, 203.0.113.7"})[0] == (200, "")
        for forwarded in ("203.0.113.7, 198.51.100.1", "unknown", ""):
            refused = asked(runtime, **{"x-forwarded-for": forwarded})
            assert refused == everywhere(403, "network_not_allowed")

    @pytest.mark.parametrize(
        "networks",
        [["somewhere"], ["203.0.113.9/24"], ["300.0.0.0/8"], [""], ["10.0.0.0/33"]],
    )
    def test_what_is_none_is_refused(self, agent: Agent, networks: list[str]) -> None:
        with pytest.raises(Invalid) as refusal:
            make(agent, Bounds(networks=networks))
        assert refusal.value.errors[0].field == "networks"

    def test_there_are_not_too_many(self, agent: Agent) -> None:
        with pytest.raises(Invalid):
            make(agent, Bounds(networks=[f"10.0.{n}.0/24" for n in range(21)]))

    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"),
            (None, None),
        ],
    )
    def test_the_network_of_the_last_use_is_noted(
        self, agent: Agent, address: str | None, network: str | None
    ) -> None:
        token, _ = make(agent)
        tokens.touch(token.pk, address)
        token.refresh_from_db()
        assert token.last_used_from == network

    def test_by_both_doors(self, agent: Agent, settings: Any) -> None:
        settings.PROXY_COUNT = 1
        for call in (0, 4):
            token, runtime = make(agent)
            asked(runtime, **{"x-forwarded-for": f"203.0.{call}.9"})
            token.refresh_from_db()
            assert token.last_used_from == f"203.0.{call}.0/24"


class TestRotation:
    def test_both_keys_work_until_the_overlap_ends(self, agent: Agent) -> None:
        token, old = make(agent)
        rotated, key = tokens.rotate_token(token, overlap=timedelta(days=7))
        new = Runtime(agent.pk, key)
        assert rotated.pk == token.pk
        assert key.startswith(rotated.hint)
        assert asked(old) == ANSWERED
        assert asked(new)[0] == (200, "")
        ApiToken.objects.update(previous_until=timezone.now())
        assert asked(old) == REFUSED
        assert asked(new)[0] == (200, "")

    def test_without_one_the_old_key_ends_at_once(self, agent: Agent) -> None:
        token, old = make(agent)
        _, key = tokens.rotate_token(token, overlap=timedelta())
        assert asked(old) == REFUSED
        assert asked(Runtime(agent.pk, key)) == ANSWERED

    def test_revoking_ends_both(self, agent: Agent) -> None:
        token, old = make(agent)
        _, key = tokens.rotate_token(token, overlap=timedelta(days=1))
        tokens.revoke_token(token)
        assert asked(old) == asked(Runtime(agent.pk, key)) == REFUSED

    def test_what_binds_the_token_binds_both_keys(self, agent: Agent) -> None:
        token, old = make(agent, Bounds(networks=["203.0.113.0/24"]))
        _, key = tokens.rotate_token(token, overlap=timedelta(days=1))
        far = everywhere(403, "network_not_allowed")
        assert asked(old) == asked(Runtime(agent.pk, key)) == far

    @pytest.mark.parametrize("overlap", [timedelta(days=7, seconds=1), timedelta(seconds=-1)])
    def test_an_overlap_has_bounds(self, agent: Agent, overlap: timedelta) -> None:
        token, _ = make(agent)
        with pytest.raises(Invalid) as refusal:
            tokens.rotate_token(token, overlap=overlap)
        assert refusal.value.errors[0].field == "overlap"

    @pytest.mark.parametrize(
        "end",
        [tokens.revoke_token, lambda token: ApiToken.objects.update(expires_at=timezone.now())],
    )
    def test_what_is_not_usable_gets_no_new_key(
        self, agent: Agent, end: Callable[[ApiToken], object]
    ) -> None:
        token, _ = make(agent)
        end(token)
        with pytest.raises(Conflict):
            tokens.rotate_token(token, overlap=timedelta())

    def test_the_same_form_sent_twice_ends_no_key(self, agent: Agent) -> None:
        token, old = make(agent)
        tokens.rotate_token(token, overlap=timedelta(days=1), seen_hint=token.hint)
        with pytest.raises(OutOfDate):
            tokens.rotate_token(token, overlap=timedelta(days=1), seen_hint=token.hint)
        assert asked(old)[0] == (200, "")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_gets_the_new_key(agent: Agent) -> None:
    token, old = make(agent)
    outcomes: list[str] = []

    def rotate() -> None:
        try:
            tokens.rotate_token(token, overlap=timedelta(days=1), seen_hint=token.hint)
            outcomes.append("rotated")
        except OutOfDate:
            outcomes.append("too late")

    at_once([rotate, rotate])
    assert sorted(outcomes) == ["rotated", "too late"]
    assert asked(old)[0] == (200, "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["revoked", "ended"])
def test_what_is_taken_back_beside_a_call_that_waits_is_refused_at_the_next(
    agent: Agent, how: str
) -> None:
    token, runtime = make(agent)
    assert asked(runtime)[0] == (200, "")

    take_back = {"revoked": tokens.revoke_token, "ended": end_now}[how]
    at_once([lambda: take_back(token)])  # over another connection
    assert asked(runtime) == REFUSED


def test_what_cannot_be_a_key_asks_the_database_nothing(cast: Cast) -> None:
    runtime = Runtime(cast.agent.pk, new_key()[:-1] + "!")
    with CaptureQueriesContext(connection) as queries:
        assert asked(runtime) == REFUSED
    assert not queries.captured_queries


def test_a_key_from_before_the_checksum_goes_on(agent: Agent) -> None:
    key = "glz_" + "aB3-_" * 8 + "xyz"
    tokens.create_token(workspace=agent.workspace, name="Old", abilities=Ability.values, key=key)
    assert asked(Runtime(agent.pk, key)) == ANSWERED
