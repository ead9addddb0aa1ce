"""Pages by keyset: every row once, in order, forwards and backwards, whatever the ties."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from agents.models import Agent, Conversation, Message
from glozr.errors import Invalid
from glozr.postgres.keyset import Cursor, KeysetPage, Order, keyset_page, pages_of
from tests.factories import ConversationFactory, MessageFactory

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


@pytest.fixture
def messages(agent: Agent) -> list[Message]:
    """Thirteen, of which many were sent at one moment, and several of those came at one too."""
    conversation = ConversationFactory.create(agent=agent)
    return [
        MessageFactory.create(
            conversation=conversation,
            sent_at=NOON + timedelta(seconds=n // 7),
            received_at=NOON - timedelta(microseconds=n // 3),
        )
        for n in range(13)
    ]


@pytest.mark.parametrize("descending", [True, False])
def test_a_second_time_decides_where_the_first_is_the_same(
    descending: bool, messages: list[Message]
) -> None:
    order = Order("sent_at", then=("received_at",), descending=descending)

    def read(cursor: str) -> KeysetPage[Message]:
        return keyset_page([Message.objects.all()], order=order, cursor=cursor, per_page=2)

    pages = list(pages_of(read))
    assert [row for each in pages for row in each.rows] == sorted(
        messages, key=lambda row: (row.sent_at, row.received_at, row.pk), reverse=descending
    )
    for earlier, later in itertools.pairwise(pages):
        assert later.previous is not None
        assert read(later.previous).rows == earlier.rows


def test_a_cursor_of_another_order_is_refused_in_words(messages: list[Message]) -> None:
    """As are those of transcripts from before the order of arrival."""
    order = Order("sent_at", then=("received_at",), descending=False)
    old = str(Cursor(False, (NOON,), messages[0].pk))
    with pytest.raises(Invalid) as refused:
        keyset_page([Message.objects.all()], order=order, cursor=old, per_page=2)
    assert "first page" in refused.value.errors[0].detail
    with pytest.raises(Invalid):
        page(str(Cursor(False, (NOON, NOON), messages[0].pk)))


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
        f"after.{'1.' * 4}{'0' * 32}",
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
