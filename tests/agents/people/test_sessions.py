"""Where a person is signed in: seen, ended, limited in time."""

import re
from datetime import timedelta
from http import HTTPStatus
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from agents.models import UserSession
from agents.people import sessions
from tests.factories import PASSWORD
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("agent_list")).status_code == HTTPStatus.OK


def sign_in(cast: Cast, **headers: Any) -> Client:
    client = Client()
    sent = {"login": "owner@example.com", "password": PASSWORD}
    client.post("/accounts/login/", sent, **headers)
    return client


def test_a_person_sees_where_they_are_signed_in(cast: Cast) -> None:
    sign_in(cast, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="203.0.113.77")
    signed_in(cast.editor)
    page = signed_in(cast.owner).get(reverse("session_list")).content.decode()
    assert "Firefox on Windows" in page
    assert "203.0.113.0/24" in page
    assert "203.0.113.77" not in page
    assert page.count("This one") == 1
    assert page.count("row-main") == 2
    assert not any(row.key in page for row in UserSession.objects.all())


def test_one_session_is_ended_from_another(cast: Cast) -> None:
    here, there = signed_in(cast.owner), sign_in(cast)
    ids = re.findall(
        r"sessions/([0-9a-f]{32})/end", here.get(reverse("session_list")).content.decode()
    )
    stranger = signed_in(cast.editor)
    for session_id in ids:
        address = reverse("session_end", args=[session_id])
        assert stranger.post(address).status_code == HTTPStatus.NOT_FOUND
    assert is_signed_in(there)
    key = there.session.session_key
    [wanted] = [row for row in UserSession.objects.all() if row.key == key]
    session_id = next(
        shown.id for shown in sessions.sessions_of(cast.owner, current_key=key) if shown.is_current
    )
    assert wanted.user == cast.owner
    here.post(reverse("session_end", args=[session_id]))
    assert not is_signed_in(there)
    assert is_signed_in(here)


@pytest.mark.parametrize("keep", ["", "1"])
def test_all_sessions_are_ended_at_once(cast: Cast, keep: str) -> None:
    here, there, other = signed_in(cast.owner), sign_in(cast), signed_in(cast.editor)
    here.post(reverse("session_end_all"), {"keep": keep})
    assert not is_signed_in(there)
    assert is_signed_in(here) == bool(keep)
    assert is_signed_in(other)


def test_the_service_ends_all_but_one(cast: Cast) -> None:
    here, there = signed_in(cast.owner), signed_in(cast.owner)
    assert sessions.end_sessions(cast.owner, except_key=here.session.session_key) == 1
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert sessions.end_sessions(cast.owner) == 1
    assert not is_signed_in(here)


def test_a_session_ends_after_its_longest_time_whatever_its_use(cast: Cast) -> None:
    client = signed_in(cast.owner)
    session = client.session
    session["began"] -= project.SESSION_ENDS_AFTER.total_seconds() - 60
    session.save()
    assert is_signed_in(client)
    session = client.session
    session["began"] -= 120
    session.save()
    assert not is_signed_in(client)
    api = client.get(reverse("api_experiments", args=[cast.agent.pk]))
    assert api.status_code == HTTPStatus.UNAUTHORIZED


def test_use_puts_off_the_end_that_comes_without(cast: Cast) -> None:
    client = signed_in(cast.owner)
    session = client.session
    session["seen"] -= 3600
    session.save()
    soon = {"expire_date": Now() + timedelta(days=1)}
    Session.objects.filter(session_key=session.session_key).update(**soon)
    UserSession.objects.update(seen_at=F("seen_at") - timedelta(hours=1))
    before = UserSession.objects.get().seen_at
    assert is_signed_in(client)
    assert UserSession.objects.get().seen_at > before
    stored = Session.objects.get(session_key=session.session_key)
    assert (stored.expire_date - UserSession.objects.get().seen_at).days >= 13


def test_a_session_from_before_sessions_were_listed_is_listed_at_its_next_use(cast: Cast) -> None:
    client = signed_in(cast.owner)
    UserSession.objects.all().delete()
    session = client.session
    for name in ("began", "seen", "noted_as"):
        del session[name]
    session.save()
    assert is_signed_in(client)
    assert sessions.end_sessions(cast.owner) == 1
    assert not is_signed_in(client)


def test_the_upgrade_lists_what_is_open(cast: Cast) -> None:
    client = signed_in(cast.owner)
    client.get(reverse("session_list"))
    UserSession.objects.all().delete()
    import_module("agents.migrations.0043_list_sessions").list_sessions(apps, None)
    assert [row.key for row in UserSession.objects.all()] == [client.session.session_key]
    assert sessions.end_sessions(cast.owner) == 1
    assert not is_signed_in(client)


def test_what_has_ended_is_cleared(cast: Cast) -> None:
    idle, old, living = signed_in(cast.owner), signed_in(cast.owner), signed_in(cast.owner)
    Session.objects.filter(session_key=idle.session.session_key).update(
        expire_date=Now() - timedelta(minutes=1)
    )
    UserSession.objects.filter(key=old.session.session_key).update(
        began_at=Now() - project.SESSION_ENDS_AFTER - timedelta(minutes=1)
    )
    signed_out = signed_in(cast.owner)
    signed_out.post("/accounts/logout/")
    assert UserSession.objects.count() == 4
    sessions.clear_expired()
    sessions.clear_expired()
    assert [row.key for row in UserSession.objects.all()] == [living.session.session_key]
    assert not is_signed_in(old)


def test_cookies_are_of_this_host_alone_over_https() -> None:
    """As the settings say with GLOZR_HTTPS=1, read by a process of its own."""
    import os
    import subprocess
    import sys

    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from glozr import settings as s; print(s.SESSION_COOKIE_NAME,"
            " s.CSRF_COOKIE_NAME, s.KNOWN_BROWSER_COOKIE, s.SESSION_COOKIE_SECURE)",
        ],
        env={**os.environ, "GLOZR_HTTPS": "1"},
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split() == ["__Host-sessionid", "__Host-csrftoken", "__Host-known_browser", "True"]
