"""The agent's settings: Owners and Admins change them, Editors read them."""

from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents import limits
from agents.models import Agent
from tests.roles import Cast

pytestmark = pytest.mark.django_db


def typed(**changes: str) -> dict[str, str]:
    return {
        "name": "Front desk",
        "persona_name": "Aria",
        "persona_tone": "warm\r\nand concise",
        "system_prompt": "Offer a tour.",
        **changes,
    }


def seen(agent: Agent) -> dict[str, str]:
    """What the form says that its reader has seen."""
    return {"seen_revision": str(agent.revision), "seen_name": agent.name}


def url(agent: Agent) -> str:
    return reverse("agent_settings", args=[agent.pk])


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_owners_and_admins_change_it(client: Client, cast: Cast, who: str) -> None:
    before = cast.agent.config_version
    client.force_login(getattr(cast, who))
    response = client.post(url(cast.agent), typed(**seen(cast.agent)))
    assert response.status_code == HTTPStatus.FOUND
    cast.agent.refresh_from_db()
    assert cast.agent.name == "Front desk"
    assert cast.agent.persona == {"name": "Aria", "tone": "warm\nand concise"}
    assert cast.agent.system_prompt == "Offer a tour."
    assert cast.agent.config_version > before


def test_an_editor_reads_it_and_finds_no_control(client: Client, cast: Cast) -> None:
    client.force_login(cast.editor)
    page = client.get(url(cast.agent)).content.decode()
    assert "Max" in page
    assert "Owners and Admins" in page
    assert "Save" not in page
    assert client.post(url(cast.agent), typed()).status_code == HTTPStatus.FORBIDDEN
    cast.agent.refresh_from_db()
    assert cast.agent.persona["name"] == "Max"


def test_an_outsider_finds_nothing(client: Client, cast: Cast) -> None:
    client.force_login(cast.outsider)
    assert client.get(url(cast.agent)).status_code == HTTPStatus.NOT_FOUND
    assert client.post(url(cast.agent), typed()).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", ""),
        ("name", "x" * (limits.AGENT_NAME + 1)),
        ("persona_name", " "),
        ("persona_name", "A\x07"),
        ("persona_tone", "x" * (limits.PERSONA_TONE + 1)),
        ("system_prompt", "\x00"),
        ("system_prompt", "x" * (limits.SYSTEM_PROMPT + 1)),
    ],
)
def test_errors_stand_at_their_field_and_nothing_typed_is_lost(
    client: Client, cast: Cast, field: str, text: str
) -> None:
    client.force_login(cast.owner)
    response = client.post(url(cast.agent), typed(**{field: text}))
    assert response.status_code == HTTPStatus.BAD_REQUEST
    form = response.context["form"]
    assert set(form.errors) == {field}
    page = response.content.decode()
    assert f'id="id_{field}_error"' in page
    if field != "system_prompt":
        assert "Offer a tour." in page


def test_the_preview_shows_what_is_typed(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    preview = reverse("prompt_preview", args=[cast.workspace.pk])
    page = client.post(preview, typed(), headers={"hx-request": "true"}).content.decode()
    assert "Your name is Aria." in page
    assert "Your tone: warm" in page
    assert "Offer a tour." in page
    assert "<html" not in page


def test_a_new_agent_belongs_to_its_workspace(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    response = client.post(reverse("agent_new", args=[cast.workspace.pk]), typed())
    assert response.status_code == HTTPStatus.FOUND
    assert cast.workspace.agents.filter(name="Front desk").exists()


@pytest.mark.parametrize(("who", "status"), [("editor", 403), ("outsider", 404)])
def test_nobody_else_makes_agents(client: Client, cast: Cast, who: str, status: int) -> None:
    client.force_login(getattr(cast, who))
    new = reverse("agent_new", args=[cast.workspace.pk])
    assert client.get(new).status_code == status
    assert client.post(new, typed()).status_code == status
    assert cast.workspace.agents.count() == 1


def test_pages_allow_no_inline_script_and_no_other_host(
    client: Client, cast: Cast, settings: Any
) -> None:
    client.force_login(cast.owner)
    response = client.get(url(cast.agent))
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    page = response.content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert " onclick" not in page
