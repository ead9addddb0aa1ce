"""Guessing is slowed down where it comes from, and locks out nobody else."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db.models import F
from django.test import Client
from django.urls import reverse

from agents.models import AttemptCount
from agents.people import attempts
from agents.people.attempts import Origin
from glozr.errors import TooSoon
from tests.factories import PASSWORD, UserFactory
from tests.roles import Cast
from tests.threads import at_once

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
FREE = attempts.PASSWORDS.free


def sign_in(client: Client, email: str, password: str = PASSWORD, ip: str = HERE) -> Any:
    return client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=ip)


def hammer(email: str, ip: str = HERE) -> Any:
    """Wrong passwords until it is said to wait; what said so."""
    for _ in range(50):
        response = sign_in(Client(), email, "wrong", ip)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return response
    raise AssertionError("Nothing slows this down.")


def wait(seconds: float) -> None:
    """Let time pass for what has been counted."""
    past = timedelta(seconds=seconds)
    AttemptCount.objects.update(counted_at=F("counted_at") - past, free_at=F("free_at") - past)


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("agent_list")).status_code == HTTPStatus.OK


def test_who_hammers_is_told_how_long_to_wait(cast: Cast) -> None:
    response = hammer("owner@example.com")
    assert int(response["Retry-After"]) == 2
    page = response.content.decode()
    assert "Wait 2 seconds, then try again." in page
    assert reverse("account_request_login_code") in page


def test_the_wait_grows_and_is_forgotten_with_time(cast: Cast) -> None:
    waits = []
    for _ in range(12):
        seconds = int(hammer("owner@example.com")["Retry-After"])
        waits.append(seconds)
        wait(seconds)
    # Whole seconds of what is left; a slow machine has used some of it up.
    for told, whole in zip(waits, (2, 4, 8, 16, 32), strict=False):
        assert whole / 2 < told <= whole
    assert 256 < waits[-1] <= attempts.PASSWORDS.longest_seconds
    wait(24 * 3600)
    assert int(hammer("owner@example.com")["Retry-After"]) == 2


def test_the_right_password_from_elsewhere_works_meanwhile(cast: Cast) -> None:
    for address in (HERE, "203.0.113.250"):  # another machine of the same network
        hammer("owner@example.com", address)
    elsewhere = Client()
    sign_in(elsewhere, "owner@example.com", ip=ELSEWHERE)
    assert is_signed_in(elsewhere)
    same_network = Client()
    response = sign_in(same_network, "owner@example.com", ip=HERE)
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_a_browser_that_has_signed_in_is_not_slowed_down_by_its_network(cast: Cast) -> None:
    browser = Client()
    sign_in(browser, "owner@example.com")
    cookie = browser.cookies[settings.KNOWN_BROWSER_COOKIE]
    assert cookie["httponly"]
    assert int(cookie["max-age"]) > 3600 * 24 * 300
    assert str(cast.owner.pk) != cookie.value
    browser.post("/accounts/logout/")
    hammer("owner@example.com")
    sign_in(browser, "owner@example.com")
    assert is_signed_in(browser)


def test_a_known_browser_has_no_guesses_without_end_either(cast: Cast) -> None:
    browser = Client()
    sign_in(browser, "owner@example.com")
    browser.post("/accounts/logout/")
    answers = [sign_in(browser, "owner@example.com", "wrong") for _ in range(FREE + 2)]
    assert answers[-1].status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_a_browser_is_known_for_its_own_accounts_alone(cast: Cast) -> None:
    browser = Client()
    sign_in(browser, cast.editor.email)
    browser.post("/accounts/logout/")
    hammer("owner@example.com")
    response = sign_in(browser, "owner@example.com")
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS


@pytest.mark.parametrize("cookie", ["", "made up", "a:b:c"])
def test_a_cookie_that_is_not_ours_names_no_browser(cast: Cast, cookie: str) -> None:
    hammer("owner@example.com")
    browser = Client()
    browser.cookies[settings.KNOWN_BROWSER_COOKIE] = cookie
    response = sign_in(browser, "owner@example.com")
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_right_passwords_count_for_nothing_and_forgive_nothing(cast: Cast) -> None:
    for _ in range(FREE):
        sign_in(Client(), "owner@example.com", "wrong")
    for _ in range(3):
        sign_in(Client(), cast.editor.email)
    assert sign_in(Client(), "owner@example.com", "wrong").status_code == HTTPStatus.OK
    assert sign_in(Client(), "owner@example.com").status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_one_network_cannot_try_address_after_address(cast: Cast) -> None:
    for number in range(attempts.PASSWORDS_OF_A_NETWORK.free + 1):
        sign_in(Client(), f"person{number}@example.com", "wrong")
    response = sign_in(Client(), "one.more@example.com", "wrong")
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    sign_in(elsewhere := Client(), "owner@example.com", ip=ELSEWHERE)
    assert is_signed_in(elsewhere)


@pytest.mark.django_db(transaction=True)
def test_attempts_of_one_moment_are_counted_one_by_one() -> None:
    def attempt() -> bool:
        try:
            attempts.password_turn("a@example.com", Origin("203.0.113.0/24"))
        except TooSoon:
            return False
        return True

    assert sum(at_once([attempt] * 12)) == FREE + 1


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_a_network_is_what_one_customer_has(ip: str, network: str) -> None:
    assert attempts.network_of(ip) == network


def test_old_counts_are_cleared(cast: Cast) -> None:
    hammer("owner@example.com")
    assert attempts.clear_old_counts() == 0
    wait(25 * 3600)
    assert attempts.clear_old_counts() == 2


def test_a_mailed_code_signs_in_where_the_password_must_wait(cast: Cast) -> None:
    hammer("owner@example.com")
    browser = Client()
    page = browser.post("/accounts/login/code/", {"email": "Owner@example.com"}, follow=True)
    assert "Enter the code" in page.content.decode()
    [message] = mail.outbox
    assert (message.subject, message.to) == ("Glozr: Your code to sign in", ["owner@example.com"])
    [code] = re.findall(r"^[A-Z0-9-]{6,}$", str(message.body), re.MULTILINE)
    browser.post("/accounts/login/code/confirm/", {"code": code})
    assert is_signed_in(browser)
    other = Client()
    other.post("/accounts/login/code/", {"email": "owner@example.com"})
    other.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_signed_in(other), "a code is good once, and in its own browser"


def test_no_code_goes_to_an_address_that_nobody_has_proven(cast: Cast) -> None:
    unproven = UserFactory.create(proven=False)
    answers = []
    for email in (unproven.email, "nobody@example.com"):
        page = Client().post("/accounts/login/code/", {"email": email}, follow=True)
        answers.append(re.sub(r"\S+@\S+|value=\S+|csrf\S+|x-csrf.*", "", page.content.decode()))
    assert not mail.outbox
    assert len(set(answers)) == 1


def test_codes_flood_nobodys_mailbox(cast: Cast) -> None:
    answers = [
        Client().post(
            "/accounts/login/code/", {"email": "owner@example.com"}, REMOTE_ADDR=f"203.0.{n}.1"
        )
        for n in range(attempts.CODES_TO_AN_ADDRESS.free + 3)
    ]
    assert answers[-1].status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert len(mail.outbox) == attempts.CODES_TO_AN_ADDRESS.free + 1
