"""Two ids are one visitor: the earliest assignment of the two holds, and both count there once.

A merge is kept beside the rows, none of which changes: runtime and fold look it up.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from agents.agents.editing import assignment_lock
from agents.models import Agent
from agents.roles import Caller
from experiments import history, limits
from experiments.models import Action, Assignment, Experiment, PendingCount, VisitorMerge
from glozr.errors import Conflict, FieldError, Invalid

_CLASS = 26_477
"""Of advisory locks of two numbers: beside that of the fold."""


def counts_as(agent: Agent, visitor_id: str) -> str:
    """The id under which the visitor counts."""
    merges = VisitorMerge.objects.filter(agent=agent, visitor_id=visitor_id)
    return merges.values_list("into_id", flat=True).first() or visitor_id


def ids_of(agent: Agent, visitor_id: str) -> list[str]:
    """Every id of the visitor, the one under which it counts first."""
    person = counts_as(agent, visitor_id)
    others = VisitorMerge.objects.filter(agent=agent, into_id=person).order_by("merged_at", "id")
    return [person, *others.values_list("visitor_id", flat=True)[: limits.IDS_OF_A_VISITOR]]


def experiments_of(agent: Agent, ids: Sequence[str]) -> list[UUID]:
    """Those to which a visitor of these ids was assigned, but deleted ones."""
    assigned = Assignment.objects.filter(agent=agent, visitor_id__in=ids, is_settled=False)
    found = Experiment.objects.of_agent(agent.pk).filter(pk__in=assigned.values("experiment"))
    return list(found.values_list("pk", flat=True))


def merge(agent: Agent, *, visitor_id: str, into: str, by: Caller | None = None) -> bool:
    """From now on `visitor_id` is another name of `into`; whether it was news.

    Chains are resolved: whoever either has been merged with is the same visitor. The same call
    again changes nothing.

    Raises:
        Invalid: both are one id.
        Conflict: `circle`, when `into` has been merged into `visitor_id`; `too_many`, when the
            visitor would have more than `limits.IDS_OF_A_VISITOR`.
    """
    if visitor_id == into:
        raise Invalid([FieldError("into", "same", "Name two different ids.")])
    with transaction.atomic():
        _one_at_a_time(agent)
        person, target = counts_as(agent, visitor_id), counts_as(agent, into)
        if person == target:
            if person == visitor_id:
                raise Conflict("These are one visitor already, the other way round.", code="circle")
            return False
        if len(ids_of(agent, target)) + len(ids_of(agent, person)) > limits.IDS_OF_A_VISITOR:
            raise Conflict(
                f"A visitor has at most {limits.IDS_OF_A_VISITOR} ids. Is one of them shared by "
                "many people?",
                code="too_many",
            )
        VisitorMerge.objects.filter(agent=agent, into_id=person).update(into_id=target)
        VisitorMerge.objects.create(agent=agent, visitor_id=person, into_id=target)
        PendingCount.objects.create(agent=agent, visitor_id=target)
        touched = experiments_of(agent, ids_of(agent, target))
        history.add_visitor(touched, Action.MERGED, by=by)
    return True


def _one_at_a_time(agent: Agent) -> None:
    """Two merges at once could close a circle. Not the agent's own lock: visitors wait for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_CLASS, _key(agent)])


def _key(agent: Agent) -> int:
    return assignment_lock(agent.pk) % 2**31
