"""What is sent is refused by its length before anything reads it, in words."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse

from glozr.inputs.limits import ENTRANCE_BYTES, FORM_BYTES, FORM_FIELDS, JSON_BYTES
from tests.harness.posting import FORM
from tests.roles import Cast

ADDRESSES = {
    "/accounts/login/": ENTRANCE_BYTES,
    "/accounts/password/reset/": ENTRANCE_BYTES,
    "/invitations/nothing/": ENTRANCE_BYTES,
    "/demo/sign-in/": ENTRANCE_BYTES,
    "/admin/login/": ENTRANCE_BYTES,
    "/": FORM_BYTES,
    "/app/workspaces/": FORM_BYTES,
    "/admin/agents/agent/add/": FORM_BYTES,
    "/healthz": FORM_BYTES,
    "/nothing/": FORM_BYTES,
    "/api/v1/agents/01a20cff-2a4f-739b-b13b-a29cf6e1e569/experiments/": JSON_BYTES,
    "/api/v1/agents/01a20cff-2a4f-739b-b13b-a29cf6e1e569/assignments/": JSON_BYTES,
    "/api/nothing/": JSON_BYTES,
}


class Untouched:
    """A body that nobody may read."""

    def read(self, *_: int) -> bytes:
        raise AssertionError("It was read.")

    readline = read

    def close(self) -> None:
        """Nothing to close."""


def declared(client: Client, address: str, size: int, method: str = "POST") -> Any:
    length: Any = {"CONTENT_LENGTH": str(size), "wsgi.input": Untouched()}
    return client.generic(method, address, content_type=FORM, **length)


@pytest.mark.parametrize(("address", "most"), ADDRESSES.items())
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
def test_a_body_longer_than_its_address_takes_is_not_read(
    client: Client, address: str, most: int, method: str
) -> None:
    """No `db` fixture: nobody is looked up for it."""
    for size in (most + 1, 40_000_000, 10**30):
        answer = declared(client, address, size, method)
        assert answer.status_code == 413
        sentence = f"What is sent here has at most {most // 1024} KiB. Send less at once."
        if address.startswith("/api/"):
            assert answer.json() == {"code": "body_too_large", "detail": sentence}
        else:
            assert sentence in answer.content.decode()
            assert "<h1>" in answer.content.decode()


def test_a_part_of_a_page_is_told_in_a_sentence(client: Client) -> None:
    options: Any = {"CONTENT_LENGTH": "40000000", "wsgi.input": Untouched()}
    answer = client.generic("POST", "/app/", headers={"hx-request": "true"}, **options)
    assert (answer.status_code, answer["Content-Type"]) == (413, "text/plain; charset=utf-8")
    assert answer.content.startswith(b"What is sent here")


def test_a_form_that_just_fits_is_read(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    address = reverse("workspace_settings", args=[cast.workspace.pk])
    form = "name=" + "n" * (FORM_BYTES - len("name="))
    assert client.post(address, form, FORM).status_code == 400
    assert client.post(address, form + "n", FORM).status_code == 413


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/accounts/login/", "/app/", "/nothing/", "/healthz"])
def test_no_form_with_a_file_is_read(client: Client, address: str) -> None:
    file = SimpleUploadedFile("a.txt", b"x")
    answer = client.post(address, {"name": "x", "file": file}, MULTIPART_CONTENT)
    assert answer.status_code == 415
    assert "Nothing here takes a file" in answer.content.decode()


def test_the_api_says_what_it_takes_instead(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    address = reverse("api_experiments", args=[cast.agent.pk])
    answer = client.post(address, {"name": "x"}, MULTIPART_CONTENT)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "unsupported_media_type"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_form_or_an_address_of_too_many_fields_is_told_so(
    client: Client, cast: Cast, method: str
) -> None:
    client.force_login(cast.owner)
    fields = "&".join(f"f{n}=" for n in range(FORM_FIELDS + 1))
    address = reverse("tokens", args=[cast.workspace.pk])
    if method == "GET":
        answer = client.get(f"{address}?{fields}")
    else:
        answer = client.post(address, fields, FORM)
    assert answer.status_code == 413
    assert re.search(rf"at most {FORM_FIELDS} fields", answer.content.decode())
