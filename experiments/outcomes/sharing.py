"""Links to results for people without an account: made, shown once, revoked at once."""

import secrets
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from agents.audit.events import caller_name
from agents.models import User
from experiments import history, limits
from experiments.lifecycle.editing import alone
from experiments.models import Action, Experiment, SharedLink
from glozr.errors import Conflict, NotFound
from glozr.secrets import digest_of

NO_SUCH_LINK = (
    "There is nothing under this link. It may have been revoked; ask who sent it for another."
)


def share(experiment: Experiment, *, by: User) -> str:
    """The secret of a new link. It is not stored: show it now or never.

    Raises:
        Conflict: `too_many`, when `limits.SHARED_LINKS` are open.
    """
    secret = secrets.token_urlsafe(32)
    with alone(experiment) as current:
        if links_of(current).count() >= limits.SHARED_LINKS:
            raise Conflict(
                f"{current.name} has {limits.SHARED_LINKS} links, which is as many as it may. "
                "Revoke one that is no longer used.",
                code="too_many",
            )
        SharedLink.objects.create(
            experiment=current,
            digest=digest_of(secret),
            created_by=by,
            created_by_name=caller_name(by),
        )
        history.record(current, Action.SHARED, by=by)
    return secret


def unshare(experiment: Experiment, link_id: UUID, *, by: User) -> None:
    """Revoke a link; one that is revoked already stays so.

    Raises:
        NotFound: the experiment has no such link.
    """
    with alone(experiment) as current:
        links = SharedLink.objects.filter(experiment=current, pk=link_id)
        if not links.exists():
            raise NotFound(NO_SUCH_LINK)
        if links.filter(revoked_at=None).update(revoked_at=Now()):
            history.record(current, Action.UNSHARED, by=by)


def links_of(experiment: Experiment) -> QuerySet[SharedLink]:
    """Those that work, the newest first."""
    open_links = SharedLink.objects.filter(experiment=experiment, revoked_at=None)
    return open_links.order_by("-created_at", "-id")


def shared_experiment(secret: str) -> Experiment:
    """What the link shows.

    Raises:
        NotFound: no link has this secret, it is revoked, or the experiment has been deleted.
    """
    found = (
        Experiment.objects.filter(
            shared_links__digest=digest_of(secret), shared_links__revoked_at=None
        )
        .select_related("agent__workspace", "conclusion__variant")
        .with_is_active()
        .prefetch_related("variants")
        .first()
    )
    if found is None:
        raise NotFound(NO_SUCH_LINK)
    return found
