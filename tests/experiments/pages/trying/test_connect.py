"""The page that connects a runtime: its examples work as they stand, and it hears a call."""

import functools
import html
import re
from uuid import uuid5

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Ability, ApiToken, Conversation, Lead
from glozr.wsgi import application
from tests.experiments.api.contract import one_connection
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


def url_of(cast: Cast, name: str = "connect") -> str:
    return reverse(name, args=[cast.agent.pk])


def sample(page: str, name: str) -> str:
    found = re.search(rf'<pre [^>]*id="{name}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_the_python_example_connects_with_a_token_made_on_the_page(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(cast.admin)
    waiting = client.get(url_of(cast)).content.decode()
    made = client.post(url_of(cast)).content.decode()
    key = re.search(r"glz_[A-Za-z0-9]+", made)
    assert key is not None
    token = ApiToken.objects.get()
    assert (token.abilities, token.agent_ids) == ([Ability.RUNTIME], [cast.agent.pk])
    transport = httpx.WSGITransport(app=application)
    monkeypatch.setattr(httpx, "Client", functools.partial(httpx.Client, transport=transport))
    monkeypatch.setenv("GLOZR_TOKEN", key[0])
    with one_connection():
        exec(compile(sample(made, "python"), "sample", "exec"), {})
    conversation = Conversation.objects.get()
    name = re.search("chat-[0-9a-f]+", sample(made, "python"))
    assert name is not None
    assert conversation.pk == uuid5(cast.agent.pk, name[0])
    assert f"conversation={conversation.pk} " in sample(made, "curl")
    assert conversation.playground
    assert Lead.objects.get().email == "ada@example.com"
    poll = re.search(r'hx-get="([^"]+)"', waiting)
    assert poll is not None
    heard = client.get(html.unescape(poll[1]), headers={"hx-request": "true"}).content.decode()
    assert "We heard from you" in heard
    assert "first message of visitor <bdi" in heard
    assert "hx-get" not in heard  # it has what it waited for
    assert "Promise&lt;any&gt;" in made
    for language in ("curl", "typescript"):
        assert str(cast.agent.pk) in sample(made, language)


def test_it_waits_for_what_comes_after_it_was_opened(
    cast: Cast, client: Client, runtime: Runtime
) -> None:
    runtime.resolve("before")
    client.force_login(cast.editor)
    page = client.get(url_of(cast)).content.decode()
    assert "Waiting for the first call" in page
    assert "Make a token" not in page
    poll = re.search(r'hx-get="([^"]+)"', page)
    assert poll is not None
    again = client.get(html.unescape(poll[1]), headers={"hx-request": "true"}).content.decode()
    assert poll[0] in again  # it goes on from the same moment
    runtime.resolve("<b>ada</b>")
    heard = client.get(html.unescape(poll[1]), headers={"hx-request": "true"}).content.decode()
    assert "asked for the variant of visitor" in heard
    assert "&lt;b&gt;ada&lt;/b&gt;" in heard


@pytest.mark.parametrize("since", ["", "yesterday", "2026-11-27T10:00:00", "9" * 400])
def test_a_moment_that_is_none_is_now(
    cast: Cast, client: Client, runtime: Runtime, since: str
) -> None:
    runtime.resolve("before")
    client.force_login(cast.owner)
    assert b"Waiting" in client.get(url_of(cast), {"since": since}).content
