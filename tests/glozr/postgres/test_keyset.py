"""Pages by keyset: every row once, in order, forwards and backwards, whatever the ties."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from agents.models import Agent, Conversation
from glozr.errors import Invalid
from glozr.postgres.keyset import KeysetPage, Order, keyset_page
from tests.factories import ConversationFactory

NEWEST = Order("started_at")
OLDEST = Order("started_at", descending=False)
NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def conversations(agent: Agent) -> list[Conversation]:
    """Eleven, several of them at the same moment, two of each visitor but one."""
    return [
        ConversationFactory.create(
            agent=agent,
            visitor_id=f"visitor-{n % 2}",
            started_at=NOON + timedelta(microseconds=n // 4),
        )
        for n in range(11)
    ]


def page(cursor: str | None = "", order: Order = NEWEST) -> KeysetPage[Conversation]:
    return keyset_page([Conversation.objects.all()], order=order, cursor=cursor or "", per_page=3)


@pytest.mark.parametrize("order", [NEWEST, OLDEST])
def test_walks_through_every_row_and_back(order: Order, conversations: list[Conversation]) -> None:
    pages = [page(order=order)]
    while pages[-1].next:
        pages.append(page(pages[-1].next, order))

    expected = sorted(
        conversations, key=lambda row: (row.started_at, row.pk), reverse=order.descending
    )
    assert [row for each in pages for row in each.rows] == expected
    assert [len(each.rows) for each in pages] == [3, 3, 3, 2]
    for earlier, later in itertools.pairwise(pages):
        assert page(later.previous, order).rows == earlier.rows
    assert pages[0].previous is None
    assert page(pages[1].previous, order).previous is None


def test_branches_are_one_list(conversations: list[Conversation]) -> None:
    branches = [Conversation.objects.of_visitor(f"visitor-{n}") for n in (0, 1)]
    found: list[Conversation] = []
    cursor: str | None = ""
    while cursor is not None:
        each = keyset_page(branches, order=NEWEST, cursor=cursor, per_page=4)
        found += each.rows
        cursor = each.next

    assert found == sorted(conversations, key=lambda row: (row.started_at, row.pk), reverse=True)


def test_new_rows_move_nothing_to_the_next_page(
    agent: Agent, conversations: list[Conversation]
) -> None:
    first = page()
    before = page(first.next).rows
    ConversationFactory.create(agent=agent, started_at=NOON + timedelta(days=1))

    assert page(first.next).rows == before


def test_a_whole_last_page_has_no_next(agent: Agent) -> None:
    ConversationFactory.create_batch(3, agent=agent)

    assert page().next is None


def test_nothing_is_a_page_too(db: None) -> None:
    assert page() == KeysetPage([], None, None)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "after",
        "after.1",
        "after.1.zz",
        f"sideways.1.{'0' * 32}",
        f"after.-{'9' * 17}.{'0' * 32}",
        f"after.{'9' * 99}.{'0' * 32}",
        f"after.\N{ARABIC-INDIC DIGIT ONE}.{'0' * 32}",
        "\0",
        f" after.1.{'0' * 32}",
        f"after.1.{'0' * 32}\n",
    ],
)
def test_damaged_cursors_are_refused(cursor: str, db: None) -> None:
    with pytest.raises(Invalid):
        page(cursor)
