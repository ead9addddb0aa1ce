"""What services refuse becomes a page, whichever view met it."""

import re
from html import unescape
from http import HTTPStatus

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import path, reverse

from agents.models import Role
from agents.people import invitations
from glozr import urls
from glozr.edge.refusals import SIGNED_OUT
from glozr.errors import (
    Conflict,
    DomainError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    OutOfDate,
    SecondFactorNeeded,
    TooSoon,
    Unavailable,
)
from tests.roles import Cast

TOKEN = "csrfmiddlewaretoken"
RAISED: dict[str, DomainError] = {
    "forbidden": Forbidden(),
    "missing": NotFound("No such thing."),
    "conflict": Conflict("Something else runs."),
    "stale": OutOfDate(),
    "away": Unavailable(),
    "soon": TooSoon("Wait 3 seconds, then try again.", seconds=3),
    "factor": SecondFactorNeeded(),
    "invalid": Invalid([FieldError("name", "required", "Give a name.")]),
}


def refuse(request: HttpRequest, what: str) -> HttpResponse:
    raise NotSignedIn if what == "nobody" else RAISED[what]


urlpatterns = [path("refuse/<str:what>/", refuse), *urls.urlpatterns]


@pytest.mark.django_db
@pytest.mark.urls("tests.glozr.edge.test_refusals")
@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("forbidden", 403),
        ("missing", 404),
        ("conflict", 409),
        ("stale", 409),
        ("away", 503),
        ("soon", 429),
        ("factor", 403),
        ("invalid", 400),
    ],
)
def test_a_refusal_is_a_page_that_says_why(
    client: Client, cast: Cast, what: str, status: int
) -> None:
    client.force_login(cast.editor)
    response = client.get(f"/refuse/{what}/")
    assert response.status_code == status
    page = response.content.decode()
    assert "<h1>" in page
    assert RAISED[what].detail.split("'")[0] in page
    part = client.get(f"/refuse/{what}/", headers={"hx-request": "true"})
    assert (part.status_code, part.content.decode()) == (status, RAISED[what].detail)
    assert part["Content-Type"].startswith("text/plain")


@pytest.mark.django_db
@pytest.mark.urls("tests.glozr.edge.test_refusals")
def test_who_is_not_signed_in_is_asked_to(client: Client, cast: Cast) -> None:
    client.force_login(cast.editor)
    response = client.get("/refuse/nobody/")
    assert response["Location"] == f"{reverse('account_login')}?next=/refuse/nobody/"


@pytest.mark.django_db
def test_a_part_of_a_page_is_not_replaced_by_the_sign_in_page(client: Client) -> None:
    response = client.get(reverse("agent_list"), headers={"hx-request": "true"})
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert "signed out" in response.content.decode()


TYPED: dict[str, object] = {
    "name": '<Aria> or "Max"',
    "hypothesis": "One\r\nTwo",
    "tag": ["a", "b"],
}
KEPT = [("name", '<Aria> or "Max"'), ("hypothesis", "One\r\nTwo"), ("tag", "a"), ("tag", "b")]


def hidden(page: str) -> list[tuple[str, str]]:
    """What the form of the page would send again, but for its token."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return [(unescape(name), unescape(text)) for name, text in found if name != TOKEN]


@pytest.mark.django_db
def test_what_was_typed_is_kept_when_the_session_has_ended(client: Client, cast: Cast) -> None:
    address = reverse("experiment_new", args=[cast.agent.pk]) + "?from=list"
    secrets = {TOKEN: "old", "password": "x", "new_Password1": "x"}
    response = client.post(address, TYPED | secrets)
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    page = response.content.decode()
    assert "You have been signed out" in page
    assert f'<form method="post" action="{address}">' in page
    assert f'href="{reverse("account_login")}" target="_blank"' in page
    assert hidden(page) == KEPT


@pytest.mark.django_db
def test_a_part_of_a_page_is_told_in_a_sentence_that_the_session_has_ended(
    client: Client, cast: Cast
) -> None:
    preview = reverse("variant_preview", args=[cast.agent.pk])
    response = client.post(preview, TYPED, headers={"hx-request": "true"})
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.content.decode() == SIGNED_OUT


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("origin", "kept"), [("http://testserver", KEPT), ("https://evil.example", []), ("null", [])]
)
def test_what_was_sent_with_an_old_token_is_kept_if_a_page_of_ours_sent_it(
    cast: Cast, origin: str, kept: list[tuple[str, str]]
) -> None:
    client = Client(enforce_csrf_checks=True, headers={"origin": origin})
    client.force_login(cast.owner)
    address = reverse("experiment_new", args=[cast.agent.pk])
    response = client.post(address, TYPED | {TOKEN: "x" * 64})
    assert response.status_code == HTTPStatus.FORBIDDEN
    page = response.content.decode()
    assert hidden(page) == kept
    assert (f'action="{address}"' in page) == bool(kept)


@pytest.mark.django_db
def test_the_target_of_a_form_opened_as_a_link_is_a_page(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    invitation, _ = invitations.invite(
        workspace=cast.workspace, email="new@example.com", role=Role.EDITOR, by=cast.owner
    )
    for address in (
        reverse("invitation_resend", args=[cast.workspace.pk, invitation.pk]),
        reverse("demo_sign_in"),
    ):
        response = client.get(address)
        assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert response["Allow"] == "POST"
        page = response.content.decode()
        assert "There is no page here" in page
        assert f'href="{reverse("home")}"' in page
        assert not client.get(address, headers={"hx-request": "true"}).content
    assert not client.post("/healthz").content


@pytest.mark.django_db
def test_an_unknown_address_is_a_page(client: Client, cast: Cast) -> None:
    for sign_in in (False, True):
        if sign_in:
            client.force_login(cast.editor)
        response = client.get("/nothing/here/")
        assert response.status_code == HTTPStatus.NOT_FOUND
        assert "There is nothing here" in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_explained(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.owner)
    response = client.post(reverse("account_logout"))
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "Please send that again" in response.content.decode()
    assert "<form" not in response.content.decode(), "Nobody says that it came from a page of ours."


@pytest.mark.parametrize("name", ["400", "403_csrf", "429", "500", "503"])
def test_pages_for_failures_need_nothing(name: str) -> None:
    """No `db` fixture: pytest-django fails this test if the page asks the database."""
    assert "<h1>" in render_to_string(f"{name}.html")
