"""The page of who counts: by Owners and Admins, with a proof where nothing can be undone."""

import json
from http import HTTPStatus

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from agents.models import Ability, Conversation
from experiments.models import LeftOutRule, VisitorMerge
from tests.factories import unused_id
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.admin)
    return client


def test_a_rule_is_added_and_removed(admin: Client, cast: Cast) -> None:
    page = reverse("visitors", args=[cast.agent.pk])
    told = admin.post(page, {"kind": "beginning", "value": "qa-"}, follow=True).text
    assert "Beginning of visitor ids qa- counts no more" in told
    assert "<code>qa-</code>" in told

    rule = LeftOutRule.objects.get()
    admin.post(reverse("visitor_rule_remove", args=[cast.agent.pk, rule.pk]))
    assert not LeftOutRule.objects.exists()


def test_a_bad_rule_is_told_at_its_field(admin: Client, cast: Cast) -> None:
    page = reverse("visitors", args=[cast.agent.pk])
    answer = admin.post(page, {"kind": "domain", "value": "localhost"})

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "Type a domain as it stands after the @" in answer.text


def test_two_ids_become_one(admin: Client, cast: Cast) -> None:
    page = reverse("visitor_merge", args=[cast.agent.pk])
    assert "one visitor now" in admin.post(page, {"visitor_id": "a", "into": "b"}, follow=True).text
    assert "already" in admin.post(page, {"visitor_id": "a", "into": "b"}, follow=True).text
    refused = admin.post(page, {"visitor_id": "b", "into": "a"})
    assert (refused.status_code, VisitorMerge.objects.count()) == (400, 1)


def test_erasing_asks_first(admin: Client, cast: Cast, runtime: Runtime) -> None:
    runtime.say("ada", unused_id())
    page = reverse("visitor_erase", args=[cast.agent.pk])
    asked = admin.post(page, {"visitor_id": "ada"}).text
    assert "1 conversation and 0 leads go" in asked
    assert Conversation.objects.exists()

    told = admin.post(page, {"visitor_id": "ada", "sure": "yes"}, follow=True).text
    assert "Erased: 1 conversations and 0 leads" in told
    assert not Conversation.objects.exists()
    assert cast.workspace.events.filter(action="visitor_erased").count() == 1


def test_an_export_is_a_file_and_in_the_history(
    admin: Client, cast: Cast, runtime: Runtime
) -> None:
    runtime.say("ada", unused_id())
    answer = admin.post(reverse("visitor_export", args=[cast.agent.pk]), {"visitor_id": "ada"})

    assert answer.headers["Content-Disposition"] == 'attachment; filename="visitor.json"'
    assert len(json.loads(answer.getvalue())["conversations"]) == 1
    assert cast.workspace.events.filter(action="visitor_exported").count() == 1


def test_an_editor_sees_no_tab(cast: Cast) -> None:
    editor = Client()
    editor.force_login(cast.editor)

    assert (
        reverse("visitors", args=[cast.agent.pk])
        not in editor.get(reverse("experiment_list", args=[cast.agent.pk])).text
    )


@pytest.mark.parametrize(
    ("ability", "merges", "erases"),
    [
        (Ability.RUNTIME, 200, 403),
        (Ability.VISITORS, 200, 200),
        (Ability.READ, 403, 403),
        (Ability.WRITE, 403, 403),
    ],
)
def test_what_a_token_may(cast: Cast, ability: str, merges: int, erases: int) -> None:
    token = Runtime.of(cast.agent, ability)

    assert token.post("visitors/merge/", {"from": "a", "into": "b"}).status == merges
    assert token.post("visitors/erase/", {"visitor_id": "a"}).status == erases
    outsider = Runtime.of(cast.outsider.memberships.get().workspace.agents.create(name="Other"))
    foreign = Runtime(cast.agent.pk, outsider.key)
    assert foreign.post("visitors/merge/", {"from": "a", "into": "b"}).status == 404


def test_the_command_erases(
    cast: Cast, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime.say("ada", unused_id())
    call_command("erase_visitor", str(cast.agent.pk), "ada")

    assert "Erased 1 conversations and 0 leads" in capsys.readouterr().out
    assert not Conversation.objects.exists()
