"""Leads, conversations and what was said in them as tables, for files.

They are read a batch at a time, by the queries of the lists: memory stays flat and no transaction
is held open.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import LiteralString

from agents.models import Agent, Conversation, Lead, Message
from experiments.models import Variant
from experiments.visitors import activity
from experiments.visitors.activity import IN_SEQUENCE, Wanted
from glozr.outputs.tables import Cell, Column, Table
from glozr.postgres.keyset import Cursor, KeysetPage, pages_of
from glozr.postgres.sql import statement

LEADS_AT_ONCE = 500
CONVERSATIONS_AT_ONCE = 500
TRANSCRIPTS_AT_ONCE = 20
MESSAGES_AT_ONCE = 50
"""Of each transcript; of 32,000 characters each they are 32 million."""
BEGINNINGS: LiteralString = statement(Path(__file__).parent / "sql", "beginnings")

VARIANT_COLUMNS = (
    Column("variant_id", "Variant's id", 38),
    Column("variant", "Variant", 20),
    Column("experiment_id", "Experiment's id", 38),
    Column("experiment", "Experiment", 24),
)
LEAD_COLUMNS = (
    Column("id", "Id", 38),
    Column("created_at", "Left at", 20),
    Column("email", "E-mail", 32),
    Column("name", "Name", 24),
    Column("phone", "Phone", 20),
    Column("company", "Company", 24),
    Column("status", "Status", 12),
    Column("visitor_id", "Visitor", 24),
    Column("conversation_id", "Conversation's id", 38),
    *VARIANT_COLUMNS,
    Column("updated_at", "Changed at", 20),
)
CONVERSATION_COLUMNS = (
    Column("id", "Id", 38),
    Column("started_at", "Started at", 20),
    Column("visitor_id", "Visitor", 24),
    Column("playground", "Try-out", 10),
    *VARIANT_COLUMNS,
    Column("decided_at", "Decided at", 20),
    Column("messages", "Messages", 10),
)
MESSAGE_COLUMNS = (
    Column("id", "Id", 38),
    Column("conversation_id", "Conversation's id", 38),
    Column("visitor_id", "Visitor", 24),
    *VARIANT_COLUMNS,
    Column("role", "Who", 12),
    Column("content", "Words", 80),
    Column("sent_at", "Sent at", 20),
    Column("received_at", "Received at", 20),
)


def leads_table(agent: Agent, wanted: Wanted) -> Table:
    """The newest first; variants are those whose figures count the lead."""
    about = (
        "A variant stands beside a lead that its figures count; several, which is rare, stand one "
        "after the other, their ids in the same order with a space between them."
    )
    return Table("Leads", LEAD_COLUMNS, _leads(agent, wanted), about)


def conversations_table(agent: Agent, wanted: Wanted) -> Table:
    """The newest first."""
    about = f"Of one conversation at most {activity.COUNTED_MESSAGES:,} messages are counted here."
    return Table("Conversations", CONVERSATION_COLUMNS, _conversations(agent, wanted), about)


def messages_table(agent: Agent, wanted: Wanted) -> Table:
    """Whole transcripts of the conversations that are wanted, those begun last first."""
    return Table("Messages", MESSAGE_COLUMNS, _messages(agent, wanted))


def _leads(agent: Agent, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    def read(cursor: str) -> KeysetPage[Lead]:
        return activity.leads(agent, wanted, cursor=cursor, per_page=LEADS_AT_ONCE)

    for page in pages_of(read):
        for row in activity.with_variants(agent, page.rows):
            lead = row.lead
            yield (
                *(lead.pk, lead.created_at, lead.email, lead.name, lead.phone, lead.company),
                *(lead.status, lead.visitor_id, lead.conversation_id),
                *_variant_cells(row.variants),
                lead.updated_at,
            )


def _conversations(agent: Agent, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    for page in _conversation_pages(agent, wanted, CONVERSATIONS_AT_ONCE):
        for row in activity.described(page.rows, known=wanted.arms):
            found = row.conversation
            yield (
                *(found.pk, found.started_at, found.visitor_id, found.playground),
                *_variant_cells([row.variant] if row.variant else []),
                *(found.decided_at, row.messages),
            )


def _messages(agent: Agent, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    for page in _conversation_pages(agent, wanted, TRANSCRIPTS_AT_ONCE):
        variants = activity.variants_of(page.rows, known=wanted.arms)
        for conversation, message in _transcripts(page.rows):
            variant = variants.get(conversation.variant_id)
            yield (
                *(message.pk, conversation.pk, conversation.visitor_id),
                *_variant_cells([variant] if variant else []),
                *(message.role, message.content, message.sent_at, message.received_at),
            )


def _conversation_pages(
    agent: Agent, wanted: Wanted, at_once: int
) -> Iterator[KeysetPage[Conversation]]:
    def read(cursor: str) -> KeysetPage[Conversation]:
        return activity.conversations(agent, wanted, cursor=cursor, per_page=at_once)

    return pages_of(read)


def _transcripts(rows: Sequence[Conversation]) -> Iterator[tuple[Conversation, Message]]:
    """Every message of the conversations; a query for all of them, and more for long ones."""
    by_id = {row.pk: row for row in rows}
    asked = {"conversations": list(by_id), "most": MESSAGES_AT_ONCE}
    # A raw query keeps what it has read: let go of it before the next.
    begun = list(Message.objects.raw(BEGINNINGS, asked))
    for conversation_id, said in groupby(begun, lambda message: message.conversation_id):
        conversation, messages = by_id[conversation_id], list(said)
        for message in messages:
            yield conversation, message
        if len(messages) == MESSAGES_AT_ONCE:
            for message in _rest(conversation, messages[-1]):
                yield conversation, message


def _rest(conversation: Conversation, last: Message) -> Iterator[Message]:
    moments = tuple(getattr(last, field) for field in IN_SEQUENCE.fields)
    cursor: str | None = str(Cursor(False, moments, last.pk))
    while cursor is not None:
        page = activity.messages_of(conversation, cursor=cursor)
        yield from page.rows
        cursor = page.next


def _variant_cells(variants: Sequence[Variant]) -> tuple[Cell, Cell, Cell, Cell]:
    """Empty where there is none, so that one called None is another thing."""
    if not variants:
        return (None, None, None, None)
    return (
        " ".join(str(variant.pk) for variant in variants),
        ", ".join(variant.name for variant in variants),
        " ".join(str(variant.experiment_id) for variant in variants),
        ", ".join(variant.experiment.name for variant in variants),
    )
