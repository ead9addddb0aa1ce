"""What is cleared away of notices, and when. The notices themselves stay: they hold that each is
told once."""

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from experiments import limits
from experiments.models import Delivery, DeliveryState
from glozr.background import IsStopping, never

_AT_ONCE = 1_000


def clear_old_notices(is_stopping: IsStopping = never) -> None:
    """Forget how old notices fared."""
    over = Delivery.objects.exclude(state=DeliveryState.WAITING).filter(
        created_at__lt=Now() - limits.DELIVERY_KEPT_FOR
    )
    while not is_stopping() and _delete_some(over):
        pass


@transaction.atomic
def _delete_some(deliveries: QuerySet[Delivery]) -> bool:
    rows = deliveries.order_by().select_for_update(skip_locked=True)[:_AT_ONCE]
    ids = list(rows.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).delete()
    return bool(ids)
