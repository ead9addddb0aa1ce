"""The demo is entered with one click, and nothing else is."""

from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from experiments.demo import seeding

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def test_the_demo_signs_in_with_one_click(client: Client, settings: Any) -> None:
    settings.DEMO = True
    seeding.seed()
    page = client.get(LOGIN).content.decode()
    assert page.count('name="role"') == 3
    assert "walks-north" not in page
    client.post(reverse("demo_sign_in"), {"role": "editor"})
    assert client.get(reverse("agent_list")).context["user"].email == "editor@demo.example"


@pytest.mark.parametrize("wanted", ["/app/workspaces/?search=x", "https://evil.example/", "//evil"])
def test_the_demo_leads_on_to_the_page_that_was_asked_for(
    client: Client, settings: Any, wanted: str
) -> None:
    settings.DEMO = True
    seeding.seed()
    page = client.get(LOGIN, {"next": wanted}).content.decode()
    assert page.count(f'<input type="hidden" name="next" value="{wanted}">') == 3
    response = client.post(reverse("demo_sign_in"), {"role": "admin", "next": wanted})
    assert response["Location"] == (wanted if wanted.startswith("/app/") else reverse("home"))


@pytest.mark.parametrize("role", ["", "superuser", "owner@demo.example"])
def test_the_demo_signs_in_nobody_else(client: Client, settings: Any, role: str) -> None:
    settings.DEMO = True
    seeding.seed()
    response = client.post(reverse("demo_sign_in"), {"role": role})
    assert response.status_code == HTTPStatus.NOT_FOUND


def test_without_the_demo_there_is_no_such_door(client: Client, settings: Any) -> None:
    seeding.seed()
    settings.DEMO = False
    assert 'name="role"' not in client.get(LOGIN).content.decode()
    response = client.post(reverse("demo_sign_in"), {"role": "owner"})
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert client.get(reverse("agent_list")).status_code == HTTPStatus.FOUND
