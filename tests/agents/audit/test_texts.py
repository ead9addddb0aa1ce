"""What is long in a history is kept once a workspace, and never mistaken for something else."""

from typing import Any

import pytest

from agents.audit import texts
from agents.models import KeptText, Workspace
from tests.roles import Cast

pytestmark = pytest.mark.django_db

LONG = "You help visitors of Northwind Travel. " * 20
CONFIG = {"rules": [f"rule {number}" for number in range(100)]}


@pytest.fixture
def workspace(cast: Cast) -> Workspace:
    return cast.workspace


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ["a", "b"], "system_prompt": ["", LONG]},
        {"variants": [[{"name": "a", "config": CONFIG}], [{"name": "a", "config": {}}]]},
        {"variants": [[{"name": LONG, "weight": 1, "config": {"persona": {"tone": LONG}}}], []]},
        {"config": [{"kept text": "x"}, {"a": ["kept text", "x", "y", 3]}]},
        {},
    ],
)
def test_what_is_kept_comes_back_as_it_was(workspace: Workspace, changes: dict[str, Any]) -> None:
    kept = texts.keep_texts(workspace.pk, changes)
    assert texts.restored(kept, texts.contents(workspace.pk, [kept])) == changes


def test_the_same_text_is_stored_once_however_often_it_is_spoken_of(workspace: Workspace) -> None:
    for number in range(30):
        kept = texts.keep_texts(workspace.pk, {"system_prompt": [LONG, f"{LONG}{number}"]})
        assert len(str(kept)) < 1_000
    assert KeptText.objects.filter(workspace=workspace).count() == 31


def test_two_texts_that_begin_alike_are_told_apart_without_their_contents(
    workspace: Workspace,
) -> None:
    kept = texts.keep_texts(workspace.pk, {"system_prompt": [LONG, LONG + "!"]})
    before, after = texts.restored(kept, {})["system_prompt"]
    assert before != after
    assert before.startswith(LONG[:100])
    assert texts.refers(kept)
    assert not texts.refers({"name": ["a", "b"]})


def test_a_workspace_reads_none_of_anothers_texts(workspace: Workspace, cast: Cast) -> None:
    kept = texts.keep_texts(workspace.pk, {"system_prompt": ["", LONG]})
    other = cast.outsider.memberships.get().workspace_id
    assert texts.contents(other, [kept]) == {}
