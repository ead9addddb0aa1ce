"""A password reset tells nobody who has an account: not by its answer, nor by its time."""

import re
import statistics
import time
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents import limits
from agents.models import MailState, OutgoingMail
from agents.people import recovery
from tests.agents.mail.servers import hanging_server
from tests.factories import UserFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"
VALUES = r"'[^']*'|\"s\d+_x\d+\""
KNOWN, UNKNOWN = "owner@example.com", "nobody@example.com"


def ask(client: Client, email: str) -> Any:
    return client.post(RESET, {"email": email})


def seconds_of(client: Client, email: str) -> float:
    began = time.perf_counter()
    ask(client, email)
    return time.perf_counter() - began


@pytest.fixture(autouse=True)
def _not_limited_by_network(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


def test_the_mail_goes_to_who_has_an_account_and_to_nobody_else(cast: Cast) -> None:
    ask(Client(), KNOWN.upper())
    ask(Client(), UNKNOWN)
    assert [message.to for message in mail.outbox] == [[KNOWN]]
    assert set(OutgoingMail.objects.values_list("recipient", "state")) == {
        (KNOWN, MailState.SENT), (UNKNOWN, MailState.NOT_NEEDED),
    }  # fmt: skip


def test_nothing_in_the_database_opens_the_account(cast: Cast) -> None:
    ask(Client(), KNOWN)
    [message] = mail.outbox
    link = re.search(r"/password/reset/key/(\S+)/", str(message.body))
    assert link
    stored = str(list(OutgoingMail.objects.values()))
    assert link[1] not in stored


def test_the_same_statements_are_executed_for_known_and_unknown(cast: Cast) -> None:
    ask(Client(), "first@example.com")
    statements = []
    for email in (KNOWN, UNKNOWN):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(Client(), email)
        assert answer["Location"] == "/accounts/password/reset/done/"
        statements.append([re.sub(VALUES, "?", query["sql"]) for query in queries])
    assert statements[0] == statements[1]


def test_its_time_does_not_tell_known_from_unknown(cast: Cast, monkeypatch: Any) -> None:
    """Medians of many in turns, within what one median differs from the next by chance."""
    monkeypatch.setattr(limits, "MAILS_TO_RECIPIENT", 10_000)
    client = Client()
    ask(client, KNOWN)
    pairs = [(seconds_of(client, KNOWN), seconds_of(client, UNKNOWN)) for _ in range(60)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert abs(known - unknown) < max(0.25 * min(known, unknown), 0.002), (known, unknown)


def test_too_many_are_left_out_and_answered_as_any_other(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "MAILS_TO_RECIPIENT", 2)
    for email in (KNOWN, UNKNOWN):
        answers = {
            (answer.status_code, answer["Location"], answer.content)
            for answer in (ask(Client(), email) for _ in range(4))
        }
        assert len(answers) == 1
        assert OutgoingMail.objects.filter(recipient=email).count() == 2
    assert len(mail.outbox) == 2


def test_an_address_in_other_letters_is_counted_with_it(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "MAILS_TO_RECIPIENT", 1)
    for email in (KNOWN, KNOWN.upper(), KNOWN.title()):
        recovery.ask_for_reset(email, origin="https://glozr.example")
    assert OutgoingMail.objects.count() == 1


def test_a_mail_server_that_hangs_holds_up_no_answer(cast: Cast, settings: Any) -> None:
    client = Client()
    ask(client, KNOWN)
    with hanging_server(settings) as came:
        taken = [seconds_of(client, email) for email in (KNOWN, UNKNOWN) * 5]
    assert came == []
    assert min(taken) < 0.1  # the others may have had to wait for a busy machine
    assert max(taken) < settings.EMAIL_TIMEOUT / 2


def test_signing_in_hashes_as_often_for_known_as_for_unknown(cast: Cast, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    known = UserFactory.create(email="hashed@example.com")
    counted = []
    for email in (known.email, UNKNOWN):
        with patch.object(
            PBKDF2PasswordHasher, "encode", autospec=True, side_effect=PBKDF2PasswordHasher.encode
        ) as encode:
            Client().post("/accounts/login/", {"login": email, "password": "a wrong password"})
        counted.append(encode.call_count)
    assert counted[0] == counted[1] > 0


@pytest.mark.parametrize("has_second_factor", [False, True])
def test_who_has_chosen_a_password_is_signed_in_unless_more_is_asked(
    cast: Cast, *, has_second_factor: bool
) -> None:
    if has_second_factor:
        Authenticator.objects.create(
            user=cast.owner, type=Authenticator.Type.TOTP, data={"secret": "x"}
        )
    person = Client()
    form = person.get(recovery.new_password_url(cast.owner), follow=True).redirect_chain[-1][0]
    chosen = "a long sentence that only its owner knows"
    answer = person.post(form, {"password1": chosen, "password2": chosen})
    assert answer.status_code == HTTPStatus.FOUND
    is_in = person.get("/app/").status_code == HTTPStatus.OK
    assert is_in == (not has_second_factor)
    assert ("2fa" in answer["Location"]) == has_second_factor
