"""What one server has done holds at once on another, for there is nothing between them but the
database: two real servers, each with sessions, counts and answers to keep for itself if it could.
"""

from collections.abc import Iterator

import httpx
import pytest
from django.conf import settings
from django.core.cache import cache

from agents.models import Ability, Role, User
from agents.workspaces import members, tokens
from experiments import lifecycle
from tests.factories import PASSWORD, ExperimentFactory
from tests.harness.servers import served
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = "/accounts/login/"
AGENTS = "/app/"


class Pair:
    """Two servers, and one browser that speaks to either: cookies don't know ports."""

    def __init__(self, urls: tuple[str, str]) -> None:
        self.urls = urls
        self.browser = httpx.Client(timeout=20)

    def get(self, server: int, path: str) -> httpx.Response:
        return self.browser.get(self.urls[server] + path)

    def post(self, server: int, path: str, **sent: str) -> httpx.Response:
        if "csrftoken" not in self.browser.cookies:
            self.get(server, LOGIN)
        token = self.browser.cookies.get(settings.CSRF_COOKIE_NAME) or ""
        headers = {"X-CSRFToken": token, "Origin": self.urls[server]}
        return self.browser.post(self.urls[server] + path, data=sent, headers=headers)

    def sign_in(self, server: int, user: User, password: str = PASSWORD) -> httpx.Response:
        return self.post(server, LOGIN, login=user.email, password=password)

    def ask(self, server: int, cast: Cast, key: str, visitor: str) -> httpx.Response:
        """A visitor's variant, of the runtime API."""
        return self.browser.post(
            f"{self.urls[server]}/api/v1/agents/{cast.agent.pk}/assignments/",
            json={"visitor_id": visitor},
            headers={"Authorization": f"Bearer {key}"},
        )


@pytest.fixture(scope="module")
def urls(django_db_setup: None) -> Iterator[tuple[str, str]]:
    with served() as first, served() as second:
        yield first.url, second.url


@pytest.fixture
def pair(urls: tuple[str, str]) -> Iterator[Pair]:
    cache.clear()
    pair = Pair(urls)
    yield pair
    pair.browser.close()


def test_a_sign_in_is_known_to_the_other_and_a_sign_out_too(pair: Pair, cast: Cast) -> None:
    assert pair.get(1, AGENTS).status_code == httpx.codes.FOUND
    assert pair.sign_in(0, cast.owner).status_code == httpx.codes.FOUND
    kept = dict(pair.browser.cookies)
    assert pair.get(1, AGENTS).status_code == httpx.codes.OK
    pair.post(1, "/accounts/logout/")
    for name, value in kept.items():  # as if the cookie had been copied before
        pair.browser.cookies.set(name, value)
    assert [pair.get(server, AGENTS).status_code for server in (0, 1)] == [httpx.codes.FOUND] * 2


def test_attempts_are_counted_together(pair: Pair, cast: Cast) -> None:
    found = [pair.sign_in(number % 2, cast.owner, "wrong").status_code for number in range(8)]
    assert found[:2] == [httpx.codes.OK] * 2
    assert found[-2:] == [httpx.codes.TOO_MANY_REQUESTS] * 2
    for server in (0, 1):
        assert pair.sign_in(server, cast.owner).status_code == httpx.codes.TOO_MANY_REQUESTS


def test_who_is_removed_or_demoted_is_so_on_both(pair: Pair, cast: Cast) -> None:
    pair.sign_in(0, cast.admin)
    page = f"/app/workspaces/{cast.workspace.pk}/members/"
    assert [pair.get(server, page).status_code for server in (0, 1)] == [200, 200]
    membership = cast.workspace.memberships.get(user=cast.admin)
    members.change_role(membership, role=Role.EDITOR, by=cast.owner)
    assert [pair.get(server, page).status_code for server in (0, 1)] == [403, 403]
    members.remove(cast.workspace.memberships.get(user=cast.admin), by=cast.owner)
    assert [pair.get(server, page).status_code for server in (0, 1)] == [404, 404]


def test_a_revoked_token_and_a_stopped_experiment_are_so_on_both(pair: Pair, cast: Cast) -> None:
    token, key = tokens.create_token(
        workspace=cast.workspace,
        name="site",
        abilities=[Ability.RUNTIME, Ability.WRITE],
        created_by=cast.owner,
    )
    experiment = lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=cast.owner)
    both = [pair.ask(server, cast, key, "ada").json() for server in (0, 1)]
    assert [answer["source"] for answer in both] == ["new", "visitor"]
    assert both[0]["variant"] == both[1]["variant"]
    stopped = pair.browser.post(
        f"{pair.urls[0]}/api/v1/agents/{cast.agent.pk}/experiments/{experiment.pk}/stop/",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert stopped.status_code == httpx.codes.OK
    for server in (1, 0):
        assert pair.ask(server, cast, key, "bob").json()["source"] == "none"
    tokens.revoke_all(cast.workspace.tokens.filter(pk=token.pk), by=cast.owner)
    assert [pair.ask(server, cast, key, "eve").status_code for server in (0, 1)] == [401, 401]


def test_a_proof_given_to_one_counts_on_the_other(pair: Pair, cast: Cast) -> None:
    pair.sign_in(0, cast.owner)
    _age_sessions()
    page = f"/app/workspaces/{cast.workspace.pk}/tokens/"
    sent = {"name": "Chat", "abilities": "runtime"}
    assert pair.post(1, page, **sent).status_code == httpx.codes.FORBIDDEN
    proven = pair.post(0, page, **sent, proof_password=PASSWORD)
    assert proven.status_code in (httpx.codes.OK, httpx.codes.FOUND), proven.text
    assert pair.post(1, page, **{**sent, "name": "Again"}).status_code == httpx.codes.OK


def _age_sessions() -> None:
    """As if every sign-in lay so far back that a proof is asked for."""
    from importlib import import_module

    from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY

    engine = import_module(settings.SESSION_ENGINE)
    for key in engine.SessionStore.get_model_class().objects.values_list("session_key", flat=True):
        session = engine.SessionStore(session_key=key)
        for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
            record["at"] -= 11 * 60
        session.save()
