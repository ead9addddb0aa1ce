"""What visitors of an agent did, for people to read: conversations, transcripts, leads.

Every list is read by an index from where the page before ended (`glozr.postgres.keyset`), and
what stands beside its rows is read once a page.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from uuid import UUID

from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
)

from agents.agents.revisions import revision_at, words_at
from agents.models import Agent, Conversation, Lead, Message
from experiments import limits
from experiments.models import Assignment, Experiment, Variant
from experiments.runtime.answers import persona_of
from glozr.errors import NotFound
from glozr.postgres.keyset import KeysetPage, Order, keyset_page

NEWEST_CONVERSATION = Order("started_at")
NEWEST_LEAD = Order("created_at")
IN_SEQUENCE = Order("sent_at", then=("received_at",), descending=False)
"""What was sent at one moment is in the order in which it came."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
"""The days that a list may be narrowed to."""
ROWS_PER_PAGE = 50
MESSAGES_PER_PAGE = 200
COUNTED_MESSAGES = 1_000
"""Counting stops here: somebody's endless conversation may not slow everybody's list down."""
SHOWN_EXPERIMENTS = 50
SHOWN_BESIDE = 10
NO_SUCH_CONVERSATION = "This agent has no such conversation. Check the address."
NO_SUCH_LEAD = "This agent has no such lead. It may have been removed."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; times from `since` until before `until`."""

    arms: Sequence[Variant] = ()
    """Any of these; empty: any, and none at all."""
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    status: str = ""
    playground: bool = False


@dataclass(frozen=True, slots=True)
class ConversationRow:
    conversation: Conversation
    variant: Variant | None
    messages: int

    @property
    def has_more(self) -> bool:
        """Whether there may be more messages than were counted."""
        return self.messages == COUNTED_MESSAGES


@dataclass(frozen=True, slots=True)
class LeadRow:
    lead: Lead
    variants: Sequence[Variant]
    """Those whose figures count this lead; several if experiments followed each other."""


@dataclass(frozen=True, slots=True)
class Transcript:
    conversation: Conversation
    messages: KeysetPage[Message]
    variant: Variant | None
    revision: int
    persona: dict[str, str]
    others: QuerySet[Conversation]
    leads: QuerySet[Lead]


class CappedCount(Subquery):
    """How many rows the sliced `queryset` has."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def arms_of(agent: Agent, *, including: UUID | None = None) -> list[Variant]:
    """The variants of the agent's latest experiments, deleted ones too, for a filter.

    `including` is an experiment or a variant that may be older.
    """
    of_agent = Experiment.with_tombstones.of_agent(agent.pk)
    wanted = Q(experiment__in=of_agent.newest().values("pk")[:SHOWN_EXPERIMENTS])
    if including is not None:
        named = Variant.objects.filter(pk=including).values("experiment")
        wanted |= Q(experiment__in=of_agent.filter(Q(pk=including) | Q(pk__in=named)))
    return list(
        Variant.objects.filter(wanted)
        .select_related("experiment")
        .order_by("-experiment__created_at", "-experiment_id", "position")
    )


def conversations(
    agent: Agent, wanted: Wanted, *, cursor: str = "", per_page: int = ROWS_PER_PAGE
) -> KeysetPage[Conversation]:
    """
    Raises:
        Invalid: the cursor is damaged.
    """
    found = Conversation.objects.of_agent(agent.pk).between(wanted.since, wanted.until)
    if not wanted.playground:
        found = found.real()
    if wanted.search:
        found = found.visitor_begins(wanted.search)
    # The index by variant gives the order within one variant only, so each is a branch.
    branches = [found.of_variant(arm.pk) for arm in wanted.arms] or [found]
    return keyset_page(branches, order=NEWEST_CONVERSATION, cursor=cursor, per_page=per_page)


def described(
    rows: Sequence[Conversation], *, known: Iterable[Variant] = ()
) -> list[ConversationRow]:
    """Rows of a list with their variants and how many messages each has.

    `known` are variants with their experiments that need not be read again.
    """
    messages = Message.objects.filter(conversation=OuterRef("pk")).order_by().values("pk")
    counts = dict(
        Conversation.objects.filter(pk__in=[row.pk for row in rows]).values_list(
            "pk", CappedCount(messages[:COUNTED_MESSAGES])
        )
    )
    variants = variants_of(rows, known=known)
    return [
        ConversationRow(row, variants.get(row.variant_id), counts.get(row.pk, 0)) for row in rows
    ]


def variants_of(
    rows: Iterable[Conversation], *, known: Iterable[Variant] = ()
) -> dict[UUID | None, Variant]:
    """By its id, the variant of each with its experiment, of deleted ones too; those `known`, with
    their experiments, are not read again."""
    found: dict[UUID | None, Variant] = {variant.pk: variant for variant in known}
    stamped = {row.variant_id for row in rows if row.variant_id is not None}
    if missing := stamped - found.keys():
        found |= Variant.objects.select_related("experiment").in_bulk(missing)
    return found


def conversation_for(agent: Agent, conversation_id: UUID) -> Conversation:
    """
    Raises:
        NotFound: the agent has no such conversation.
    """
    found = Conversation.objects.of_agent(agent.pk).filter(pk=conversation_id).first()
    if found is None:
        raise NotFound(NO_SUCH_CONVERSATION)
    return found


def messages_of(
    conversation: Conversation, *, cursor: str = "", per_page: int = MESSAGES_PER_PAGE
) -> KeysetPage[Message]:
    """What was said in the conversation, from its beginning.

    Raises:
        Invalid: the cursor is damaged.
    """
    said = conversation.messages.all()
    return keyset_page([said], order=IN_SEQUENCE, cursor=cursor, per_page=per_page)


def transcript(agent: Agent, conversation_id: UUID, *, cursor: str = "") -> Transcript:
    """A conversation from its beginning, a page of messages at a time.

    Raises:
        NotFound: the agent has no such conversation.
        Invalid: the cursor is damaged.
    """
    conversation = conversation_for(agent, conversation_id)
    variant = variants_of([conversation]).get(conversation.variant_id)
    revision = _revision_in(conversation, agent)
    visitor = conversation.visitor_id
    theirs = Conversation.objects.of_agent(agent.pk).of_visitor(visitor)
    return Transcript(
        conversation=conversation,
        messages=messages_of(conversation, cursor=cursor),
        variant=variant,
        revision=revision,
        persona=persona_of(words_at(agent.pk, revision).persona, variant),
        others=theirs.exclude(pk=conversation.pk).order_by("-started_at", "-pk")[:SHOWN_BESIDE],
        leads=Lead.objects.of_agent(agent.pk)
        .of_visitor(visitor)
        .order_by("-created_at", "-pk")[:SHOWN_BESIDE],
    )


def _revision_in(conversation: Conversation, agent: Agent) -> int:
    """The one that answers in it; the agent's as long as nothing is decided."""
    if conversation.decided_at is None:
        return agent.revision
    own = conversation.revision or revision_at(agent.pk, conversation.decided_at)
    return max(own, *(conversation.reached_by or [own]))


def leads(
    agent: Agent, wanted: Wanted, *, cursor: str = "", per_page: int = ROWS_PER_PAGE
) -> KeysetPage[Lead]:
    """
    Raises:
        Invalid: the cursor is damaged.
    """
    found = Lead.objects.of_agent(agent.pk).between(wanted.since, wanted.until)
    if wanted.status:
        found = found.with_status(wanted.status)
    if "@" in wanted.search:
        found = found.with_email(wanted.search)
    elif wanted.search:
        found = found.visitor_begins(wanted.search)
    if wanted.arms:
        made = min(arm.experiment.created_at for arm in wanted.arms)
        # Nobody was assigned earlier; saying so ends the search there.
        found = found.between(made, None).filter(Exists(_assignments_that_count(wanted.arms)))
    return keyset_page([found], order=NEWEST_LEAD, cursor=cursor, per_page=per_page)


def with_variants(agent: Agent, rows: Sequence[Lead]) -> list[LeadRow]:
    """Rows of a list with the variants that count them, by the rule of the filter."""
    visitors = {row.visitor_id for row in rows}
    assigned = Assignment.objects.filter(agent=agent, visitor_id__in=visitors)
    by_visitor: dict[str, list[Assignment]] = {}
    for each in assigned.select_related("variant__experiment").order_by("assigned_at", "pk"):
        by_visitor.setdefault(each.visitor_id, []).append(each)
    conversations = {row.conversation_id for row in rows if row.conversation_id}
    stamps: dict[UUID | None, UUID | None] = dict(
        Conversation.objects.filter(pk__in=conversations).values_list("pk", "variant_id")
    )
    return [
        LeadRow(
            row,
            [
                each.variant
                for each, until in _spans(by_visitor.get(row.visitor_id, ()))
                if each.assigned_at - limits.CROSSING <= row.created_at < until
                and stamps.get(row.conversation_id, each.variant_id) == each.variant_id
            ],
        )
        for row in rows
    ]


def _spans(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, datetime]]:
    """A visitor's assignments, in order, and when each one's span ends."""
    for each, after in zip_longest(assignments, assignments[1:]):
        window = timedelta(days=each.variant.experiment.window_days)
        ends_at = each.assigned_at + window
        yield each, min(ends_at, after.assigned_at) if after else ends_at


def lead_for(agent: Agent, lead_id: UUID) -> Lead:
    """
    Raises:
        NotFound: the agent has no such lead.
    """
    lead = Lead.objects.of_agent(agent.pk).filter(pk=lead_id).first()
    if lead is None:
        raise NotFound(NO_SUCH_LEAD)
    return lead


def leads_for(agent: Agent, lead_ids: Sequence[UUID]) -> list[Lead]:
    """Those of them that are the agent's."""
    return list(Lead.objects.of_agent(agent.pk).filter(pk__in=lead_ids))


def _assignments_that_count(arms: Sequence[Variant]) -> QuerySet[Assignment]:
    """To `arms`, of the visitor of an outer lead, by the rule of the results: it was left within
    the span, in a conversation stamped with the variant or in none."""
    later = Assignment.objects.filter(
        agent=OuterRef("agent"),
        visitor_id=OuterRef("visitor_id"),
        assigned_at__gt=OuterRef("assigned_at"),
        assigned_at__lte=OuterRef("left_at"),
    )
    return (
        Assignment.objects.filter(
            experiment__in={arm.experiment_id for arm in arms},
            variant__in=[arm.pk for arm in arms],
            visitor_id=OuterRef("visitor_id"),
            assigned_at__lte=OuterRef("created_at") + limits.CROSSING,
        )
        .alias(
            left_at=ExpressionWrapper(OuterRef("created_at"), DateTimeField()),
            left_in=ExpressionWrapper(OuterRef("conversation_id"), UUIDField()),
            stamped=ExpressionWrapper(OuterRef("conversation__variant_id"), UUIDField()),
        )
        .filter(
            Q(left_in=None) | Q(stamped=F("variant_id")),
            ~Exists(later),
            left_at__lt=F("assigned_at") + F("experiment__window_days") * timedelta(days=1),
        )
    )
