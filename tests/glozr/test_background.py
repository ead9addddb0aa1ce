"""What goes on beside requests: each step for itself, however the others fare."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.module_loading import import_string

from agents import limits
from agents.mail import upkeep
from agents.models import MailState, OutgoingMail
from bench.stack import PROJECT
from experiments.models import PendingCount
from glozr import background
from tests.agents.mail.servers import mail_server
from tests.roles import Cast

EVERY = 0.01


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, background.BackgroundStep]:
    """None but those of the test."""
    mine: dict[str, background.BackgroundStep] = {}
    monkeypatch.setattr(background, "_steps", mine)
    return mine


@contextmanager
def running() -> Iterator[None]:
    stopped = Event()
    thread = Thread(target=background.run_until, args=[stopped])
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(5)
        assert not thread.is_alive()


def wait_for(event: Event) -> None:
    assert event.wait(5)


def test_the_apps_have_registered_what_there_is_to_do() -> None:
    names = {step.name for step in background.background_steps()}
    assert {"fold results", "send mail", "clear sessions", "clear the outbox"} <= names


def test_steps_that_are_loaded_when_they_are_taken_are_there() -> None:
    named = [step.run for step in background.background_steps() if isinstance(step.run, str)]
    assert named
    for name in named:
        assert callable(import_string(name)), name


@pytest.mark.usefixtures("steps")
class TestSteps:
    @pytest.mark.parametrize("error", [ZeroDivisionError, OperationalError])
    def test_one_that_fails_goes_on_and_stops_no_other(self, error: type[Exception]) -> None:
        failed: list[int] = []
        well: list[int] = []

        def fail(is_stopping: background.IsStopping) -> None:
            failed.append(1)
            raise error

        background.add_step("fails", fail, every=EVERY)
        background.add_step("works", lambda is_stopping: well.append(1), every=EVERY)
        with running():
            give_up = time.monotonic() + 5
            while (len(failed) < 3 or len(well) < 3) and time.monotonic() < give_up:
                time.sleep(EVERY)
        assert len(failed) >= 3
        assert len(well) >= 3

    def test_one_that_waits_holds_up_no_other_and_is_told_of_the_end(self) -> None:
        waits, told, works = Event(), Event(), Event()

        def wait(is_stopping: background.IsStopping) -> None:
            waits.set()
            while not is_stopping():
                time.sleep(EVERY)
            told.set()

        background.add_step("waits", wait, every=3600)
        background.add_step("works", lambda _: works.set(), every=EVERY)
        with running():
            wait_for(waits)
            works.clear()
            wait_for(works)
        assert told.is_set()

    def test_its_pause_is_not_finished_when_an_end_is_asked_for(self) -> None:
        taken = Event()
        background.add_step("rare", lambda _: taken.set(), every=3600)
        with running():
            wait_for(taken)

    def test_once_says_whether_all_went_well(self) -> None:
        done: list[str] = []
        background.add_step("first", lambda _: 1 / 0, every=1)
        background.add_step("second", lambda _: done.append("second"), every=1)
        with pytest.raises(CommandError, match="the log says"):
            call_command("run_background", "--once")
        assert done == ["second"]


@pytest.mark.django_db
def test_once_folds_sends_and_clears(cast: Cast, settings: Any) -> None:
    PendingCount.objects.create(agent=cast.agent, visitor_id="ada")
    send_mail("News", "Text", None, ["ada@example.com"])
    Session.objects.create(session_key="old", expire_date=timezone.now() - timedelta(days=1))
    Session.objects.create(session_key="new", expire_date=timezone.now() + timedelta(days=1))
    with mail_server(settings) as mailbox:
        call_command("run_background", "--once")
    assert mailbox.recipients == ["ada@example.com"]
    assert not PendingCount.objects.exists()
    assert list(Session.objects.values_list("pk", flat=True)) == ["new"]


@pytest.mark.django_db
def test_old_mail_is_forgotten_and_then_deleted() -> None:
    now = timezone.now()
    kept = {}
    for state, age in (
        (MailState.SENT, limits.MAIL_KEPT_FOR - timedelta(hours=1)),
        (MailState.SENT, limits.MAIL_KEPT_FOR),
        (MailState.FAILED, limits.MAIL_SENT_AGAIN_WITHIN - timedelta(hours=1)),
        (MailState.FAILED, limits.MAIL_SENT_AGAIN_WITHIN),
        (MailState.NOT_NEEDED, limits.MAIL_COUNTED_OVER),
        (MailState.WAITING, limits.MAIL_KEPT_FOR),
    ):
        body = "" if state in (MailState.SENT, MailState.NOT_NEEDED) else "secret"
        mail = OutgoingMail.objects.create(
            recipient="a@example.com", state=state, created_at=now - age, body=body
        )
        kept[mail.pk] = (state, age)
    upkeep.clear_old_mail()
    left = {(kept[one.pk][1], one.state): one.body for one in OutgoingMail.objects.all()}
    assert left == {
        (limits.MAIL_KEPT_FOR - timedelta(hours=1), MailState.SENT): "",
        (limits.MAIL_SENT_AGAIN_WITHIN - timedelta(hours=1), MailState.FAILED): "secret",
        (limits.MAIL_SENT_AGAIN_WITHIN, MailState.FAILED): "",
        (limits.MAIL_KEPT_FOR, MailState.WAITING): "secret",
    }


@pytest.mark.django_db(transaction=True)
def test_as_a_process_it_sends_what_comes_and_ends_when_told_to(settings: Any) -> None:
    with mail_server(settings) as mailbox, background_process(mailbox.port) as process:
        send_mail("News", "Text", None, ["ada@example.com"])
        give_up = time.monotonic() + 20
        while not mailbox.envelopes:
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@contextmanager
def background_process(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """On the database of the test, sending to the server at `port`."""
    at = connection.get_connection_params()
    place = {key: at[key] for key in ("host", "port", "dbname", "user", "password") if at.get(key)}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_background"],
        cwd=PROJECT,
        env={
            **os.environ,
            "DATABASE_URL": f"postgresql:///?{urlencode(place)}",
            "GLOZR_EMAIL_URL": f"smtp://127.0.0.1:{port}",
        },
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
