"""How many visitors each variant has been given so far, without counting assignments."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, Sum

from experiments.models import Assignment, PendingCount, VariantTotals

MAX_PENDING = 5_000
"""So many of the newest changes are looked at; beyond that the count lags until they are folded."""


def visitors_by_variant(agent_id: UUID, experiment_ids: Collection[UUID]) -> Counter[UUID]:
    """The visitors of each variant of the agent's experiments; one with none counts 0.

    The summaries know most of them; the others are assigned, and wait to be folded.
    """
    folded = (
        VariantTotals.objects.filter(variant__experiment__in=experiment_ids)
        .order_by()
        .values_list("variant")
        .annotate(came=Sum("visitors"))
    )
    pending = PendingCount.objects.filter(agent=agent_id).order_by("-id")[:MAX_PENDING]
    waiting = (
        Assignment.objects.filter(
            experiment__in=experiment_ids,
            visitor_id__in=pending.values("visitor_id"),
            counted=False,
        )
        .order_by()
        .values_list("variant")
        .annotate(came=Count("pk"))
    )
    found: Counter[UUID] = Counter()
    for variant_id, came in folded.union(waiting, all=True):
        found[variant_id] += came
    return found
