"""Every page stays ours, whatever people and visitors call themselves and what they make."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.db.models import Model
from django.test import Client

from agents.models import (
    Agent,
    ApiToken,
    Conversation,
    Lead,
    Message,
    OutgoingMail,
    Role,
    User,
    Workspace,
    WorkspaceEvent,
)
from agents.people import invitations
from agents.workspaces.editing import edit_workspace
from experiments import lifecycle
from experiments.models import Event, Experiment, Variant
from tests.factories import ExperimentFactory, LeadFactory, MessageFactory
from tests.roles import Cast
from tests.urls_by_role import ROLES, SECTIONS
from tests.world import ROUTES, World, make_world

pytestmark = pytest.mark.django_db

TAG, ATTRIBUTE = "x-hostile", "onhostile"
MARKUP = f"\"'></script><{TAG} {ATTRIBUTE}=1>{{{{7|add:8}}}}"
SHORT = f"\"'><{TAG} {ATTRIBUTE}=1>"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EVALUATED = f"{ATTRIBUTE}=1>15"
"""What a template would make of the markup that is put into it as a template."""
LONG = "Ẅ" * 20_000
TURNED = "\u202e" + "אב" * 10_000
"""The right-to-left override is refused in names; what is said may hold it."""
LINES: Mapping[type[Model], Mapping[str, int]] = {
    Agent: {"name": 120},
    ApiToken: {"name": 80},
    Event: {"actor_name": 254},
    Experiment: {"name": 120},
    Lead: {"name": 120, "phone": 40, "company": 120},
    User: {"first_name": 150, "last_name": 150},
    Variant: {"name": 60},
    Workspace: {"name": 120},
    WorkspaceEvent: {"actor_name": 254, "subject": 254},
}
TEXTS: Mapping[type[Model], Mapping[str, int]] = {
    Agent: {"system_prompt": 4_000},
    Experiment: {"hypothesis": 1_000},
    Message: {"content": 8_000},
}


class Reader(HTMLParser):
    """Notes what of the hostile text a browser would take for markup, and that it is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.broken_out: list[str] = []
        self.is_shown = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == TAG or any(name == ATTRIBUTE for name, _ in attrs):
            self.broken_out.append(self.get_starttag_text() or tag)
        self.is_shown |= any(TAG in (value or "") for _, value in attrs)

    def handle_data(self, data: str) -> None:
        self.is_shown |= TAG in data
        if EVALUATED in data:
            self.broken_out.append(data)


def hostile_world(cast: Cast) -> World:
    """Named by the services, so that histories and mails hold the words too."""
    User.objects.update(first_name=MARKUP)
    Workspace.objects.update(name=MARKUP)
    Agent.objects.update(name=MARKUP, system_prompt=MARKUP, persona={"name": SHORT, "tone": SHORT})
    for person in (cast.owner, cast.admin, cast.editor, cast.superuser, cast.workspace, cast.agent):
        person.refresh_from_db()
    world = make_world(cast)
    edit_workspace(
        cast.workspace, name=f"{MARKUP}!", time_zone="UTC", retention_months=None, by=cast.owner
    )
    ApiToken.objects.update(name=MARKUP)
    variants = [
        {"name": f"{MARKUP}{n}", "weight": 1, "config": {"persona": {"name": SHORT, "tone": SHORT}}}
        for n in range(2)
    ]
    hostile = ExperimentFactory.create(
        agent=cast.agent, name=MARKUP, hypothesis=MARKUP, variants=variants, by=cast.owner
    )
    lifecycle.start(hostile, by=cast.owner, on_conflict=lifecycle.OnConflict.KEEP_RUNNING)
    conversation = Conversation.objects.get(pk=world.values["conversation_id"])
    MessageFactory.create(conversation=conversation, content=MARKUP)
    LeadFactory.create(
        agent=cast.agent, visitor_id=SHORT, name=MARKUP, phone=SHORT[:30], company=MARKUP
    )
    User.objects.filter(pk=cast.owner.pk).update(is_staff=True)
    return replace(
        world,
        values={
            **world.values,
            "step_id": hostile.events.latest("id").pk,
            "experiment_id": hostile.pk,
        },
    )


def long_world(cast: Cast) -> World:
    """As much as the columns hold, in words that never end or turn the line round."""
    world = make_world(cast)
    MessageFactory.create(conversation_id=world.values["conversation_id"], agent=cast.agent)
    for fields, words in ((LINES, LONG), (TEXTS, TURNED)):
        for model, lengths in fields.items():
            for number, pk in enumerate(model._default_manager.values_list("pk", flat=True)):
                end = str(number)
                changed = {name: words[: room - len(end)] + end for name, room in lengths.items()}
                model._default_manager.filter(pk=pk).update(**changed)
    return world


def answers(world: World) -> Iterator[tuple[str, Any]]:
    """Each address's answer, to an Owner, and to a superuser where that is the reader."""
    for role, sections in (("owner", ("pages", "accounts", "api")), ("superuser", ("admin",))):
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = world.sessions[role]
        for section in sections:
            for name, row in SECTIONS[section].items():
                if row.get[ROLES.index(role)] in (200, 302):
                    with transaction.atomic():  # looking at results counts what is pending
                        yield name, client.get(row.address or world.address(ROUTES[name]))
                        transaction.set_rollback(True)


def words_of(workbook: bytes) -> str:
    """What stands in its cells, all of which are texts or numbers, never formulas."""
    with ZipFile(BytesIO(workbook)) as parts:
        names = [name for name in parts.namelist() if name.endswith(".xml")]
        read = [ElementTree.fromstring(parts.read(name)) for name in names]
    tags = {element.tag.rpartition("}")[2] for part in read for element in part.iter()}
    assert not tags & {"f", TAG}
    return " ".join(text for part in read for text in part.itertext())


def problems(answer: Any) -> tuple[list[str], bool]:
    """What is broken out of its place, and whether the words are in the answer."""
    body = b"".join(answer) if answer.streaming else answer.content
    kind = answer["Content-Type"].split(";")[0]
    assert answer["X-Content-Type-Options"] == "nosniff"
    if kind == WORKBOOK:
        return [], TAG in words_of(body)
    text = body.decode()
    if kind == "text/html":
        reader = Reader()
        reader.feed(text)
        reader.close()
        return reader.broken_out, reader.is_shown
    if kind == "application/json":
        json.loads(text)
        return [], TAG in text
    if kind == "text/csv":
        head, *rows = csv.reader(StringIO(text))
        assert all(len(row) == len(head) for row in rows)
        return [], TAG in text
    assert kind in ("text/javascript", "text/plain", "application/vnd.oai.openapi"), kind
    return [text] if TAG in text else [], False


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{MARKUP}</p>",
        f'<a title="{SHORT}">',
        f"<a title='{SHORT}'>",
        f"<script>var name = '{MARKUP}'</script>",
        f"<p>&lt;{EVALUATED}</p>",
    ],
)
def test_what_breaks_out_is_noticed(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.broken_out


def test_hostile_words_are_words_on_every_page(cast: Cast) -> None:
    world, shown, broken = hostile_world(cast), set(), {}
    for name, answer in answers(world):
        assert answer.status_code < 500, name
        if answer.status_code == 200:
            broken_out, is_shown = problems(answer)
            if broken_out:
                broken[name] = broken_out
            if is_shown:
                shown.add(name)
    assert not broken
    assert len(shown) > 60, sorted(shown)  # every page's frame names the workspace, for one


def test_endless_and_turned_words_break_no_page(cast: Cast) -> None:
    world = long_world(cast)
    statuses = {name: answer.status_code for name, answer in answers(world)}
    assert {name: status for name, status in statuses.items() if status >= 400} == {}


def test_hostile_names_are_words_in_mail(cast: Cast) -> None:
    hostile_world(cast)
    invitations.invite(
        workspace=cast.workspace, email="new2@example.com", role=Role.EDITOR, by=cast.owner
    )
    sent = list(mail.outbox)
    assert len(sent) > 1
    for message in sent:
        assert message.content_subtype == "plain"
        assert not getattr(message, "alternatives", None)
        assert "\n" not in message.subject
    assert not OutgoingMail.objects.exclude(html="").exists()
