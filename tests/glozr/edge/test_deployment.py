"""What a deployment is told, and what it tells: checks, headers, security.txt."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import checks
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from agents.models import User
from bench.stack import PROJECT
from experiments.demo import seeding
from tests.roles import Cast, signed_in


def ids(*, databases: list[str] | None = None) -> set[str]:
    found = checks.run_checks(include_deployment_checks=True, databases=databases)
    assert all(one.hint for one in found if str(one.id).startswith("glozr."))
    return {str(one.id) for one in found if str(one.id).startswith("glozr.")}


class TestChecks:
    @pytest.fixture(autouse=True)
    def _well_deployed(self, settings: Any) -> None:
        settings.MAIL_DELIVERY_BACKEND = "agents.mail.smtp.EmailBackend"
        settings.ALLOWED_HOSTS = ["glozr.example"]

    def test_nothing_is_said_of_a_good_one(self, db: None) -> None:
        assert ids(databases=["default"]) == set()

    @pytest.mark.parametrize(
        ("setting", "value", "said"),
        [
            ("DEMO", True, "glozr.W001"),
            ("ALLOWED_HOSTS", ["glozr.example", "*"], "glozr.W002"),
            (
                "MAIL_DELIVERY_BACKEND",
                "django.core.mail.backends.console.EmailBackend",
                "glozr.W003",
            ),
            ("SECURITY_CONTACT", "somebody", "glozr.W005"),
        ],
    )
    def test_each_fault_is_told(self, settings: Any, setting: str, value: Any, said: str) -> None:
        setattr(settings, setting, value)
        assert ids() == {said}

    @pytest.mark.django_db
    def test_passwords_of_the_demo_are_told_when_the_database_may_be_asked(self) -> None:
        assert ids(databases=["default"]) == set()
        seeding.seed()
        assert ids() == set()
        assert ids(databases=["default"]) == {"glozr.W004"}
        for user in User.objects.filter(email__endswith="@demo.example"):
            user.set_password("another long password")
            user.save()
        assert ids(databases=["default"]) == set()

    def test_they_are_for_deployments_alone(self, settings: Any) -> None:
        settings.DEMO = True
        said = StringIO()
        call_command("check", stdout=said, stderr=said)
        assert "no issues" in said.getvalue()


class TestHsts:
    def of(self, **environment: str) -> list[str]:
        code = (
            "from glozr import settings as s;"
            "print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROJECT,
            env={**os.environ, "GLOZR_HTTPS": "1", **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    def test_binds_no_other_site_unless_asked_to(self) -> None:
        assert self.of() == ["31536000", "False", "False"]
        asked = self.of(GLOZR_HSTS_SUBDOMAINS="1", GLOZR_HSTS_PRELOAD="1")
        assert asked == ["31536000", "True", "True"]


@pytest.mark.django_db
def test_every_page_says_what_of_the_browser_it_does_not_use(cast: Cast) -> None:
    owner = signed_in(cast.owner)
    pages = [
        Client().get("/accounts/login/"),
        Client().get("/app/"),
        Client().post("/app/"),
        Client(enforce_csrf_checks=True).post("/accounts/login/"),
        Client().get("/nothing/"),
        owner.get(reverse("agent_list")),
        owner.get(reverse("workspace_settings", args=[cast.workspace.pk])),
        signed_in(cast.superuser).get("/admin/"),
    ]
    for page in pages:
        policy = page["Permissions-Policy"]
        for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
            assert f"{feature}=()" in policy


class TestSecurityTxt:
    URL = "/.well-known/security.txt"

    def fields(self) -> dict[str, str]:
        answer = Client().get(self.URL)
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        return dict(line.split(": ", 1) for line in answer.content.decode().splitlines())

    @pytest.mark.parametrize(
        ("setting", "contact"),
        [
            ("security@glozr.example", "mailto:security@glozr.example"),
            ("mailto:security@glozr.example", "mailto:security@glozr.example"),
            ("https://glozr.example/security", "https://glozr.example/security"),
        ],
    )
    def test_says_whom_to_tell(self, settings: Any, setting: str, contact: str) -> None:
        settings.SECURITY_CONTACT = setting
        fields = self.fields()
        assert fields["Contact"] == contact
        assert fields["Canonical"] == f"http://testserver{self.URL}"

    def test_is_good_for_a_while_and_less_than_a_year(self, settings: Any) -> None:
        settings.SECURITY_CONTACT = "security@glozr.example"
        left = datetime.fromisoformat(self.fields()["Expires"]) - datetime.now(UTC)
        assert timedelta(days=60) < left < timedelta(days=365)

    @pytest.mark.parametrize(
        "setting",
        ["", "nobody", "http://glozr.example", "https://a.example\nContact: b", "a@b\n"],
    )
    def test_is_not_there_without_a_contact(self, settings: Any, setting: str) -> None:
        settings.SECURITY_CONTACT = setting
        assert Client().get(self.URL).status_code == 404
