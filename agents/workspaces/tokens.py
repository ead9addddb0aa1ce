"""API tokens: made, shown once, looked up by digest, revoked at once."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents import limits, quotas
from agents.models import Ability, ApiToken, User, Workspace
from glozr.inputs.validation import invalid
from glozr.secrets import digest_of

PREFIX = "glz_"
TOUCH_AFTER = timedelta(minutes=1)
"""How far `last_used_at` may lag behind: a busy token is not written at every call."""


def create_token(
    *,
    workspace: Workspace,
    name: str,
    abilities: Iterable[str],
    created_by: User | None = None,
    key: str | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its key, random unless one is given. The key is not stored: show it
    now or never.

    Raises:
        Invalid: no name, or an unknown or no ability.
        Conflict: `too_many`, when `limits.TOKENS` of the workspace can be used.
    """
    key = key or PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        workspace=workspace,
        name=name.strip(),
        abilities=[ability for ability in Ability.values if ability in set(abilities)],
        hint=key[: len(PREFIX) + 4],
        digest=digest_of(key),
        created_by=created_by,
    )
    try:
        token.full_clean()
    except ValidationError as error:
        raise invalid(error, field_of_code={"abilities": "abilities"}) from error
    with transaction.atomic():
        quotas.demand_room(
            workspace.pk,
            ApiToken.objects.usable().filter(workspace=workspace),
            limits.TOKENS,
            what_to_do=(
                f"{workspace} has {limits.TOKENS} API tokens, which is as many as a workspace "
                "may. Revoke one that is no longer used."
            ),
        )
        token.save()
    return token, key


def revoke_token(token: ApiToken) -> None:
    """Refuse the token from now on. Revoking twice changes nothing."""
    ApiToken.objects.usable().filter(pk=token.pk).update(revoked_at=Now())


def made_by(user: User, workspace: Workspace) -> QuerySet[ApiToken]:
    """Those of the workspace's usable tokens that `user` has made."""
    return ApiToken.objects.usable().filter(workspace=workspace, created_by=user)


def revoke_all(usable: QuerySet[ApiToken]) -> None:
    """Refuse these tokens from now on."""
    usable.order_by().update(revoked_at=Now())


def usable_token(key: str) -> ApiToken | None:
    return (
        ApiToken.objects.usable().select_related("workspace").filter(digest=digest_of(key)).first()
    )


def touch(token_id: UUID) -> None:
    """Note that the token was used; somebody else noting the same is not waited for."""
    due = (
        ApiToken.objects.filter(pk=token_id)
        .exclude(last_used_at__gt=Now() - TOUCH_AFTER)
        .select_for_update(skip_locked=True)
    )
    with transaction.atomic():
        ApiToken.objects.filter(pk__in=due.values("pk")).update(last_used_at=Now())
