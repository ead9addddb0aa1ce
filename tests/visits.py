"""Visitors of an experiment in numbers, written straight into the tables that results come from."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from agents.models import Conversation, Lead, Message, MessageRole
from experiments.models import Assignment, Experiment, PendingCount
from glozr.ids import new_id


def arrive(
    experiment: Experiment,
    counts: Sequence[tuple[int, int]],
    *,
    at: datetime,
    messages: int = 1,
    seconds: float = 30,
) -> None:
    """Of each variant so many visitors, of whom so many leave a lead, assigned at one moment.

    Each has one conversation of `messages` messages that takes `seconds`.
    """
    agent = experiment.agent
    for variant, (visitors, converted) in zip(experiment.variants.all(), counts, strict=True):
        names = [str(new_id()) for _ in range(visitors)]
        Assignment.objects.bulk_create(
            Assignment(
                agent=agent, experiment=experiment, variant=variant, visitor_id=name, assigned_at=at
            )
            for name in names
        )
        conversations = Conversation.objects.bulk_create(
            Conversation(
                agent=agent, visitor_id=name, variant_id=variant.pk, decided_at=at, started_at=at
            )
            for name in names
        )
        Message.objects.bulk_create(
            Message(
                agent=agent,
                conversation=conversation,
                role=MessageRole.VISITOR,
                content="Hello",
                sent_at=sent_at,
                received_at=sent_at,
            )
            for conversation in conversations
            for number in range(messages)
            for sent_at in [at + timedelta(seconds=seconds * number / max(messages - 1, 1))]
        )
        Lead.objects.bulk_create(
            Lead(agent=agent, visitor_id=name, email=f"{name}@example.com", created_at=at)
            for name in names[:converted]
        )
        PendingCount.objects.bulk_create(
            PendingCount(agent=agent, visitor_id=name) for name in names
        )
