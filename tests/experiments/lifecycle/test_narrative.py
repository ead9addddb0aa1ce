"""What changed, as people read it."""

from typing import Any

import pytest

from agents.audit.narrative import Difference
from experiments.lifecycle.narrative import differences, step_of
from experiments.models import Action, Event

A = {"name": "a", "weight": 50, "config": {"persona": {"name": "Max"}}}
B = {"name": "b", "weight": 50, "config": {"persona": {"name": "Aria", "tone": "warm"}}}


def lines(before: Any, after: Any) -> list[tuple[str, str, str]]:
    found = differences({"variants": [before, after]})
    return [(line.label, line.before, line.after) for line in found]


def test_texts_read_as_they_were_and_are() -> None:
    changes = {"name": ["Old", "New"], "kind": ["persona", "cta"], "hypothesis": ["", "Why"]}
    assert differences(changes) == [
        Difference("Name", "Old", "New"),
        Difference("Hypothesis", "", "Why"),
        Difference("Kind", "Persona", "CTA"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([A, B], [A, B], []),
        ([A, B], [A, B | {"weight": 70}], [("b: weight", "50", "70")]),
        ([A, B], [A | {"name": "base"}, B], [("Name of variant 1", "a", "base")]),
        ([A, B], [B, A], [("Order", "a, b", "b, a")]),
        (
            [A, B],
            [A],
            [("Variant b removed", "weight 50; persona name Aria; persona tone warm", "")],
        ),
        ([A], [A, B], [("Variant b added", "", "weight 50; persona name Aria; persona tone warm")]),
        (
            [B],
            [B | {"config": {"persona": {"name": "Aria"}}}],
            [("b: persona tone", "warm", "")],
        ),
        (
            [B],
            [B | {"config": {"n": 1}}],
            [
                ("b: persona name", "Aria", ""),
                ("b: persona tone", "warm", ""),
                ("b: config", "", '{"n": 1}'),
            ],
        ),
        ([A], [A | {"config": "{"}], [("a: persona name", "Max", ""), ("a: config", "", "{")]),
    ],
)
def test_variants_read_line_by_line(
    before: Any, after: Any, expected: list[tuple[str, str, str]]
) -> None:
    assert lines(before, after) == expected


@pytest.mark.parametrize("odd", [None, 3, [], [1], [[1], "x"], [None, [{"name": None}]]])
def test_odd_values_are_read_as_far_as_they_go(odd: Any) -> None:
    differences({"name": odd, "variants": odd})


@pytest.mark.parametrize(
    ("action", "changes", "expected"),
    [
        (Action.CREATED, {}, "created it"),
        (Action.CREATED, {"duplicate_of": {"name": "X"}}, "made it as a copy of X"),
        (Action.DUPLICATED, {"copy": {"name": "Y"}}, "made the copy Y"),
        (Action.STARTED, {}, "started it"),
        (
            Action.STARTED,
            {"kept_running": {"name": "X"}},
            "started it; X went on for the visitors that it had",
        ),
        (Action.STOPPED, {"started": {"name": "Y"}}, "stopped it by starting Y"),
        (Action.STOPPED, {"deleted": True}, "stopped it by deleting it"),
        (Action.DELETED, {}, "deleted it"),
    ],
)
def test_every_step_is_a_sentence(action: Action, changes: dict[str, Any], expected: str) -> None:
    assert step_of(Event(action=action, actor_name="Ada", changes=changes)).what == expected


@pytest.mark.parametrize("action", Action)
def test_every_step_reads_as_words(action: Action) -> None:
    what = step_of(Event(action=action, actor_name="Ada", changes={})).what
    assert what
    assert "_" not in what
