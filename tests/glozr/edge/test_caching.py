"""Nothing that somebody sees is kept by a browser, a proxy or a cookie; static files are."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse
from whitenoise.middleware import WhiteNoiseFileResponse

from agents.models import Ability
from glozr.edge.middleware import NeverKept
from tests.roles import Cast
from tests.runtime import Runtime

KEPT_NOWHERE = "no-store, private"


def test_no_page_is_kept(client: Client, cast: Cast) -> None:
    addresses = [
        reverse("agent_list"),
        reverse("members", args=[cast.workspace.pk]),
        reverse("tokens", args=[cast.workspace.pk]),
        reverse("experiment_list", args=[cast.agent.pk]),
        reverse("account_change_password"),
        reverse("admin:index"),
        "/nothing/",
        "/healthz",
    ]
    for signed_in in (False, True):
        if signed_in:
            client.force_login(cast.superuser)
        for address in addresses:
            assert client.get(address)["Cache-Control"] == KEPT_NOWHERE, address


def test_no_answer_of_the_api_is_kept(cast: Cast, runtime: Runtime) -> None:
    assert runtime.resolve("ada").headers["Cache-Control"] == KEPT_NOWHERE
    assert runtime.post("assignments/", {}).headers["Cache-Control"] == KEPT_NOWHERE
    reader = Runtime.of(cast.agent, Ability.READ)
    client = Client(headers={"authorization": f"Bearer {reader.key}"})
    for address in (reverse("api_experiments", args=[cast.agent.pk]), "/api/v1/nothing/"):
        assert client.get(address)["Cache-Control"] == KEPT_NOWHERE


@pytest.mark.django_db
def test_static_files_are(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text("a {}")
    file = WhiteNoiseFileResponse((tmp_path / "app.css").open("rb"))
    file["Cache-Control"] = "max-age=60, public"
    answer = NeverKept(lambda request: file)(RequestFactory().get("/static/app.css"))
    assert answer["Cache-Control"] == "max-age=60, public"
    file.close()


def test_messages_wait_in_the_session_and_not_in_a_cookie(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.owner)
    address = reverse("workspace_settings", args=[cast.workspace.pk])
    answer = client.post(address, {"name": "Renamed", "time_zone": "UTC"})
    assert answer.status_code == 302
    assert set(client.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert b"messages" in client.get(answer["Location"]).content
