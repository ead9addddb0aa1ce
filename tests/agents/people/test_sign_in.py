"""Signing in and out, and what guards it."""

import os
import subprocess
import sys
from http import HTTPStatus
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.conf import settings as project_settings
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from agents.models import Role, User
from agents.people import addresses, invitations
from tests.agents.proofs import age_proof, press
from tests.factories import PASSWORD, UserFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _no_attempts_so_far() -> None:
    cache.clear()


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": email, "password": password})


def test_people_sign_in_by_e_mail_and_out_by_post(client: Client, cast: Cast) -> None:
    response = sign_in(client, "OWNER@example.com")
    assert response["Location"] == reverse("home")
    assert client.get(reverse("agent_list")).status_code == HTTPStatus.OK
    client.get("/accounts/logout/")
    assert client.get(reverse("agent_list")).status_code == HTTPStatus.OK
    client.post("/accounts/logout/")
    assert client.get(reverse("agent_list")).status_code == HTTPStatus.FOUND


def test_a_wrong_password_is_said_at_the_form(client: Client, cast: Cast) -> None:
    response = sign_in(client, "owner@example.com", "wrong")
    assert response.status_code == HTTPStatus.OK
    assert response.context["form"].errors
    assert "wrong" not in response.content.decode().split("errorlist")[0]


def test_sign_in_goes_to_no_other_host(client: Client, cast: Cast) -> None:
    sent = {"login": "owner@example.com", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post(LOGIN, sent)["Location"] == reverse("home")


ATTEMPTS_ELSEWHERE = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.ALLOWED_HOSTS = ["testserver"]
plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STORAGES["staticfiles"] = {"BACKEND": plain}
django.setup()
from django.test import Client
from urllib.parse import urlencode
for _ in range(6):
    sent = {"login": "owner@example.com", "password": "wrong"}
    form = "application/x-www-form-urlencoded"
    assert Client().post("/accounts/login/", urlencode(sent), form).status_code == 200
"""


@pytest.mark.django_db(transaction=True)
def test_attempts_are_counted_over_all_workers(client: Client, cast: Cast) -> None:
    """Attempts in another process slow down those in this one."""
    subprocess.run(
        [sys.executable, "-c", ATTEMPTS_ELSEWHERE, connection.settings_dict["NAME"]],
        cwd=project_settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "glozr.settings"},
        check=True,
        timeout=60,
    )
    sign_in(client, "owner@example.com", "wrong")
    assert sign_in(client, "owner@example.com").status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_nobody_signs_up_by_themself(client: Client) -> None:
    response = client.post(
        "/accounts/signup/",
        {"email": "me@example.com", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert "Accounts are made by invitation" in response.content.decode()
    assert not EmailAddress.objects.filter(email="me@example.com").exists()


def test_a_password_is_reset_by_mail(client: Client, cast: Cast) -> None:
    client.post("/accounts/password/reset/", {"email": "owner@example.com"})
    [message] = mail.outbox
    assert message.subject == "Glozr: Choose a new password"
    [link] = [word for word in str(message.body).split() if "/password/reset/key/" in word]
    form = client.get(link.removeprefix("http://testserver"), follow=True)
    new = "a much longer new password"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert sign_in(Client(), "owner@example.com", new)["Location"] == reverse("home")


def test_a_new_address_is_confirmed_by_mail(client: Client, cast: Cast) -> None:
    sign_in(client, "owner@example.com")
    age_proof(client)
    asked = client.post("/accounts/email/", {"email": "new@example.com", "action_add": ""})
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert not mail.outbox
    press(client, asked, proof_password=PASSWORD)
    [message] = mail.outbox
    assert (message.subject, message.to) == (
        "Glozr: Confirm your e-mail address",
        ["new@example.com"],
    )
    [link] = [word for word in str(message.body).split() if "/confirm-email/" in word]
    client.post(link.removeprefix("http://testserver"))
    assert EmailAddress.objects.get(user=cast.owner).email == "new@example.com"
    assert User.objects.get(pk=cast.owner.pk).is_proven


def test_an_unknown_address_gets_the_same_answer(client: Client, cast: Cast) -> None:
    known = client.post("/accounts/password/reset/", {"email": "owner@example.com"}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "no@example.com"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain


def test_two_factor_sign_in_asks_for_a_code(client: Client) -> None:
    user = UserFactory.create(email="two@example.com")
    addresses.mark_proven(user)
    sign_in(client, user.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert 'src="data:image/svg+xml' in page.content.decode()
    assert "img-src 'self' data:" in page["Content-Security-Policy"]

    def code() -> str:
        counter = next(iter(yield_hotp_counters_from_time()))
        return f"{hotp_value(secret, counter):06}"

    client.post("/accounts/2fa/totp/activate/", {"code": code()})
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).exists()

    guest = Client()
    assert sign_in(guest, user.email)["Location"] == "/accounts/2fa/authenticate/"
    assert guest.get(reverse("agent_list")).status_code == HTTPStatus.FOUND
    stored = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    recovery = stored.wrap().get_unused_codes()[0]
    guest.post("/accounts/2fa/authenticate/", {"code": recovery})
    assert guest.get(reverse("agent_list")).status_code == HTTPStatus.OK
    assert get_adapter().is_mfa_enabled(user)


@pytest.mark.parametrize("email", ["invited@example.com", "Founder@example.com"])
def test_whoever_came_by_a_mailed_link_may_use_two_factors(cast: Cast, email: str) -> None:
    """Even after a password reset, from when on allauth keeps their address in its own table."""
    if email.startswith("invited"):
        _, secret = invitations.invite(
            workspace=cast.workspace, email=email, role=Role.EDITOR, by=cast.owner
        )
        proof = invitations.proof_of(invitations.find(secret))
        invitations.sign_up(secret, proof=proof, name="Ada", password=PASSWORD)
    else:
        call_command("create_workspace", "Fabrikam", owner=email)
    person = Client()
    person.post("/accounts/password/reset/", {"email": email})
    [link] = [word for word in str(mail.outbox[-1].body).split() if "/reset/key/" in word]
    form = person.get(link.removeprefix("http://testserver"), follow=True)
    person.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    sign_in(person, email)
    person.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert person.get("/accounts/2fa/totp/activate/").status_code == HTTPStatus.OK
