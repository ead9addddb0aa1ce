"""What is in the outbox is sent over real SMTP: once, later if need be, and not for ever."""

import time
from datetime import timedelta
from email import message_from_string
from email.header import decode_header, make_header
from itertools import pairwise
from typing import Any

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.db import transaction
from django.utils import timezone

from agents import limits
from agents.mail import outbox, sending, smtp
from agents.models import MailState, OutgoingMail
from bench.stack import free_port
from glozr.errors import NotFound
from tests.agents.mail.servers import (
    content_of,
    deliver_to,
    drip,
    hanging_server,
    mail_server,
)
from tests.roles import Cast
from tests.threads import at_once

pytestmark = pytest.mark.django_db
TO = "ada@example.com"
SECRET = "https://glozr.example/invitations/a-secret/"


def written(number: int = 1) -> None:
    for n in range(number):
        send_mail(f"News {n}", f"Open {SECRET}", None, [TO if number == 1 else f"p{n}@example.com"])


def the_mail() -> OutgoingMail:
    return OutgoingMail.objects.get()


def again_now() -> None:
    OutgoingMail.objects.update(due_at=timezone.now() - timedelta(seconds=1))


class TestAServerThatTakesIt:
    def test_gets_what_was_written(self, settings: Any) -> None:
        message = EmailMultiAlternatives(
            "Grüße", "Text", "Us <us@example.com>", ["Ada <ada@example.com>"],
            headers={"X-Ours": "1"}, reply_to=["reply@example.com"],
        )  # fmt: skip
        message.attach_alternative("<p>HTML</p>", "text/html")
        message.send()
        with mail_server(settings) as mailbox:
            assert sending.send_due() == 1
        [envelope] = mailbox.envelopes
        content = content_of(envelope)
        assert (envelope.mail_from, envelope.rcpt_tos) == ("us@example.com", [TO])
        assert str(make_header(decode_header(message_from_string(content)["Subject"]))) == "Grüße"
        for part in ("Text", "<p>HTML</p>", "X-Ours: 1"):
            assert part in content
        assert "Reply-To: reply@example.com" in content
        assert "Message-ID: <" in content

    def test_each_recipient_gets_a_mail_and_sees_no_other(self, settings: Any) -> None:
        EmailMessage("News", "Text", to=[TO], cc=["bob@example.com"], bcc=["eve@x.org"]).send()
        with mail_server(settings) as mailbox:
            assert sending.send_due() == 3
        assert mailbox.recipients == [TO, "bob@example.com", "eve@x.org"]
        for envelope in mailbox.envelopes:
            content = content_of(envelope)
            [recipient] = envelope.rcpt_tos
            assert f"To: {recipient}\r\n" in content
            others = {TO, "bob@example.com", "eve@x.org"} - {recipient}
            assert not others & set(content.split())

    def test_what_it_said_is_forgotten_then(self, settings: Any) -> None:
        written()
        assert SECRET in the_mail().body
        with mail_server(settings):
            sending.send_due()
        assert the_mail().state == MailState.SENT
        assert the_mail().ended_at is not None
        assert "a-secret" not in str(OutgoingMail.objects.values().get())

    def test_slowly_gets_all_of_it(self, settings: Any) -> None:
        written(3)
        with mail_server(settings) as mailbox:
            mailbox.seconds = 0.3
            assert sending.send_due() == 3
        assert len(mailbox.envelopes) == 3

    def test_is_not_kept_on_one_connection_for_ever(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "CONNECTION_SECONDS", 0.2)
        written(4)
        with mail_server(settings) as mailbox:
            mailbox.seconds = 0.15
            assert sending.send_due() == 4
        assert mailbox.sessions > 1

    def test_gets_nothing_of_a_transaction_that_is_undone(self, settings: Any) -> None:
        with transaction.atomic():
            written()
            transaction.set_rollback(True)
        with mail_server(settings):
            assert sending.send_due() == 0


class TestAServerThatDoesNot:
    def test_hanging_is_left_after_the_time_limit_and_tried_again(self, settings: Any) -> None:
        settings.EMAIL_TIMEOUT = 0.3
        written(3)
        with hanging_server(settings) as came:
            began = time.monotonic()
            assert sending.send_due() == 0
            assert time.monotonic() - began < 3
        assert len(came) == 1, "The others would fare no better now."
        [tried] = OutgoingMail.objects.filter(attempts=1)
        assert (tried.state, tried.problem) == (MailState.WAITING, sending.NO_ANSWER)
        again_now()
        with mail_server(settings) as mailbox:
            sending.send_due()
        assert len(mailbox.envelopes) == 3

    def test_answering_without_end_is_left_too(self, settings: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(smtp, "TOGETHER_SECONDS", 0.5)
        written()
        with hanging_server(settings, drip):
            began = time.monotonic()
            assert sending.send_due() == 0
            assert time.monotonic() - began < 5
        assert the_mail().problem == sending.NO_ANSWER

    def test_away_is_tried_later_and_later(self, settings: Any) -> None:
        deliver_to(settings, free_port())
        written()
        pauses = []
        for attempt in range(1, 8):
            again_now()
            sending.send_due()
            assert the_mail().attempts == attempt
            pauses.append(the_mail().due_at - timezone.now())
        assert all(later > sooner * 0.9 for sooner, later in pairwise(pauses))
        assert timedelta(seconds=20) < pauses[0] < timedelta(minutes=1)
        assert pauses[-1] <= sending.LONGEST_RETRY

    def test_is_given_up_after_a_day(self, settings: Any) -> None:
        deliver_to(settings, free_port())
        written()
        OutgoingMail.objects.update(created_at=timezone.now() - limits.MAIL_TRIED_FOR)
        sending.send_due()
        assert (the_mail().state, the_mail().problem) == (MailState.FAILED, sending.NO_ANSWER)
        assert the_mail().ended_at is not None
        again_now()
        with mail_server(settings):
            assert sending.send_due() == 0

    @pytest.mark.parametrize(
        ("answer", "state"), [("451 Later", MailState.WAITING), ("550 Nobody", MailState.FAILED)]
    )
    def test_refusing_for_now_is_tried_again_and_for_good_is_not(
        self, settings: Any, answer: str, state: str
    ) -> None:
        written()
        with mail_server(settings) as mailbox:
            mailbox.answers = [answer]
            assert sending.send_due() == 0
        assert the_mail().state == state
        assert the_mail().problem == f"The mail server refused the address ({answer[:3]})."

    def test_refusing_one_gets_the_others(self, settings: Any) -> None:
        written(3)
        with mail_server(settings) as mailbox:
            mailbox.answers = ["550 Nobody"]
            assert sending.send_due() == 2

    def test_a_mail_that_cannot_be_written_does_not_stop_the_others(self, settings: Any) -> None:
        written(2)
        first = OutgoingMail.objects.order_by("due_at", "id").first()
        assert first is not None
        OutgoingMail.objects.filter(pk=first.pk).update(headers={"X-Bad": "a\nb"})
        with mail_server(settings):
            assert sending.send_due() == 1
        first.refresh_from_db()
        assert (first.state, first.problem) == (
            MailState.WAITING, "The mail could not be put together (BadHeaderError).",
        )  # fmt: skip


class TestSeveralSenders:
    @pytest.mark.django_db(transaction=True)
    def test_send_each_mail_once(self, settings: Any) -> None:
        written(30)
        with mail_server(settings) as mailbox:
            mailbox.seconds = 0.02
            sent = at_once([sending.send_due] * 3)
        assert sum(sent) == 30
        assert all(sent), "Each had its share."
        assert mailbox.recipients == sorted(f"p{n}@example.com" for n in range(30))
        assert set(OutgoingMail.objects.values_list("attempts", flat=True)) == {1}

    def test_one_that_died_leaves_its_mail_to_the_others(self, settings: Any) -> None:
        written()
        assert sending._take() is not None
        with mail_server(settings):
            assert sending.send_due() == 0
            OutgoingMail.objects.update(due_at=timezone.now() - sending.LEASE)
            assert sending.send_due() == 1


class TestTheDemo:
    def test_sends_none_and_says_so_in_one_line(
        self, settings: Any, caplog: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.DEMO = True
        with django_capture_on_commit_callbacks(execute=True), caplog.at_level("INFO"):
            written()
        settings.DEMO = False
        with mail_server(settings):
            assert sending.send_due() == 0
        assert the_mail().state == MailState.HELD_BACK
        [line] = [one.getMessage() for one in caplog.records if one.name == "glozr.mail"]
        assert line == "Mail held back, as the demo sends none: Other"
        assert TO not in line


class TestSendingAgain:
    def test_takes_up_what_was_given_up(self, settings: Any, cast: Cast) -> None:
        written()
        OutgoingMail.objects.update(state=MailState.FAILED)
        outbox.send_again(the_mail(), by=cast.owner)
        old, new = OutgoingMail.objects.order_by("created_at")
        assert (old.state, old.body, new.requested_by) == (MailState.WITHDRAWN, "", cast.owner)
        with mail_server(settings) as mailbox:
            assert sending.send_due() == 1
        assert "a-secret" in content_of(mailbox.envelopes[0])

    @pytest.mark.django_db(transaction=True)
    def test_twice_at_once_sends_it_once(self, cast: Cast) -> None:
        written()
        OutgoingMail.objects.update(state=MailState.FAILED)
        failed = the_mail()

        def press() -> bool:
            try:
                outbox.send_again(failed, by=cast.owner)
            except NotFound:
                return False
            return True

        assert sorted(at_once([press] * 2)) == [False, True]
        assert OutgoingMail.objects.due().count() == 1
