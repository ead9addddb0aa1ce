"""API tokens: made, shown once, looked up by digest, bound to an end, to agents and to networks,
rotated, revoked at once.

What makes a token usable is written once, in `sql/`: the statements of the runtime begin with the
same text as `authenticate`, so that an end, a rotation or a revocation holds for both at once.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from agents import limits, quotas
from agents.audit.events import record_event
from agents.models import Ability, ApiToken, User, Workspace, WorkspaceAction
from agents.workspaces.conditions import AUTHENTICATE
from agents.workspaces.keys import HINT_CHARACTERS, is_well_formed, new_key
from glozr.errors import Conflict, FieldError, Forbidden, Invalid, NotSignedIn, OutOfDate
from glozr.inputs.validation import invalid
from glozr.secrets import digest_of

TOUCH_AFTER = timedelta(minutes=1)
"""How far `last_used_at` may lag behind: a busy token is not written at every call."""
LONGEST_OVERLAP = timedelta(days=7)
NETWORK_BITS: Final = {4: 24, 6: 48}
"""How much of an address is kept of a token's last use: the network, not the machine."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a call shows: the digest of its key, and the address that it comes from, if known."""

    digest: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """Until when, for which agents and from where a token may be used; nothing given, no bound."""

    expires_at: datetime | None = None
    agent_ids: Collection[UUID] = ()
    networks: Collection[str] = ()


UNBOUND = Bounds()


def create_token(
    *,
    workspace: Workspace,
    name: str,
    abilities: Iterable[str],
    created_by: User | None = None,
    key: str | None = None,
    bounds: Bounds = UNBOUND,
) -> tuple[ApiToken, str]:
    """A new token and its key, random unless one is given. The key is not stored: show it
    now or never.

    Raises:
        Invalid: no name, an unknown or no ability, an end that is past, agents of others or
            what is no network.
        Conflict: `too_many`, when `limits.TOKENS` of the workspace can be used.
    """
    key = key or new_key()
    _check_bounds(workspace, bounds)
    token = ApiToken(
        workspace=workspace,
        name=name.strip(),
        abilities=[ability for ability in Ability.values if ability in set(abilities)],
        hint=key[:HINT_CHARACTERS],
        digest=digest_of(key),
        created_by=created_by,
        expires_at=bounds.expires_at,
        agent_ids=sorted(set(bounds.agent_ids)) or None,
        networks=list(dict.fromkeys(bounds.networks)) or None,
    )
    try:
        token.full_clean()
    except ValidationError as error:
        raise invalid(error, field_of_code={"abilities": "abilities"}) from error
    with transaction.atomic():
        _demand_room(workspace)
        token.save()
        record_event(
            workspace,
            WorkspaceAction.TOKEN_CREATED,
            by=created_by,
            subject=token.name,
            changes={"abilities": [None, token.abilities]},
        )
    return token, key


def _demand_room(workspace: Workspace) -> None:
    quotas.demand_room(
        workspace.pk,
        ApiToken.objects.unrevoked().filter(workspace=workspace),
        limits.TOKENS,
        what_to_do=(
            f"{workspace} has {limits.TOKENS} API tokens, which is as many as a workspace may. "
            "Revoke one that is no longer used."
        ),
    )


def _check_bounds(workspace: Workspace, bounds: Bounds) -> None:
    errors = []
    if bounds.expires_at is not None and bounds.expires_at <= timezone.now():
        errors.append(FieldError("expires_at", "past", "Choose an end that is still to come."))
    ids = set(bounds.agent_ids)
    if len(ids) > limits.TOKEN_AGENTS:
        detail = f"Choose at most {limits.TOKEN_AGENTS} agents, or none: then it is for all."
        errors.append(FieldError("agent_ids", "too_many", detail))
    elif workspace.agents.filter(pk__in=ids).count() < len(ids):
        detail = "Choose agents of this workspace. One that you chose no longer exists."
        errors.append(FieldError("agent_ids", "no_such_agent", detail))
    if len(bounds.networks) > limits.TOKEN_NETWORKS:
        detail = f"Give at most {limits.TOKEN_NETWORKS} networks. Join some into larger ones."
        errors.append(FieldError("networks", "too_many", detail))
    if errors:
        raise Invalid(errors)


def rotate_token(
    token: ApiToken,
    *,
    overlap: timedelta,
    seen_hint: str | None = None,
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """The same token with a new key; the one that it had goes on for `overlap`, one before ends.

    Raises:
        Invalid: `overlap` is negative, or longer than `LONGEST_OVERLAP`.
        OutOfDate: the key that began with `seen_hint` has been replaced meanwhile, so that doing
            it again would end a key that nobody has replaced yet.
        Conflict: `not_usable`, it is revoked or has ended.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        detail = f"The old key may go on for at most {LONGEST_OVERLAP.days} days."
        raise Invalid([FieldError("overlap", "out_of_range", detail)])
    with transaction.atomic():
        current = ApiToken.objects.select_for_update().get(pk=token.pk)
        if seen_hint is not None and current.hint != seen_hint:
            raise OutOfDate("This token got a new key meanwhile. Go back to see how it stands.")
        if not current.is_usable:
            raise Conflict("This token is revoked or has ended. Make a new one.", code="not_usable")
        key = new_key()
        current.previous_digest = current.digest if overlap else None
        current.previous_until = timezone.now() + overlap if overlap else None
        current.hint, current.digest = key[:HINT_CHARACTERS], digest_of(key)
        current.save(update_fields=["previous_digest", "previous_until", "hint", "digest"])
        record_event(current.workspace, WorkspaceAction.TOKEN_ROTATED, by=by, subject=current.name)
    return current, key


def revoke_token(token: ApiToken, *, by: User | None = None) -> None:
    """Refuse the token, both its keys, from now on. Revoking twice changes nothing."""
    revoke_all(ApiToken.objects.filter(pk=token.pk), by=by)


def made_by(user: User, workspace: Workspace) -> QuerySet[ApiToken]:
    """Those of the workspace's tokens that `user` has made and nobody has revoked."""
    return ApiToken.objects.unrevoked().filter(workspace=workspace, created_by=user)


def revoke_all(tokens: QuerySet[ApiToken], *, by: User | None = None) -> None:
    """Refuse these tokens from now on; those that are revoked already stay as they are."""
    with transaction.atomic():
        rows = tokens.order_by().filter(revoked_at=None).select_related("workspace")
        found = list(rows.select_for_update(of=("self",)))
        ApiToken.objects.filter(pk__in=[token.pk for token in found]).update(revoked_at=Now())
        for token in found:
            record_event(token.workspace, WorkspaceAction.TOKEN_REVOKED, by=by, subject=token.name)


def credentials_of(key: str, address: str | None) -> Credentials:
    """
    Raises:
        NotSignedIn: it can't be a key; nothing has to be asked for that.
    """
    if not is_well_formed(key):
        raise NotSignedIn
    return Credentials(digest_of(key), address)


def authenticate(credentials: Credentials) -> ApiToken:
    """The token of these credentials, its use noted.

    Raises:
        NotSignedIn: there is none that is usable.
        Forbidden: `network_not_allowed`.
    """
    parameters = {"digest": credentials.digest, "client": credentials.address}
    found = next(iter(ApiToken.objects.raw(AUTHENTICATE, parameters)), None)
    if found is None:
        raise NotSignedIn
    if not found.near:  # type: ignore[attr-defined]
        raise far_away()
    if found.last_used_at is None or timezone.now() - found.last_used_at > TOUCH_AFTER:
        touch(found.pk, credentials.address)
    return found


def far_away() -> Forbidden:
    return Forbidden(
        "This token may not be used from the network that you call from. Ask an Owner or Admin of "
        "the workspace for one that may.",
        code="network_not_allowed",
    )


def usable_token(key: str) -> ApiToken | None:
    """The token of a key, wherever it may be used from."""
    parameters = {"digest": digest_of(key), "client": None}
    return next(iter(ApiToken.objects.raw(AUTHENTICATE, parameters)), None)


def touch(token_id: UUID, address: str | None = None) -> None:
    """Note that the token was used, and from which network; somebody else noting the same is not
    waited for."""
    due = (
        ApiToken.objects.filter(pk=token_id)
        .exclude(last_used_at__gt=Now() - TOUCH_AFTER)
        .select_for_update(skip_locked=True)
    )
    with transaction.atomic():
        ApiToken.objects.filter(pk__in=due.values("pk")).update(
            last_used_at=Now(), last_used_from=_network_of(address)
        )


def _network_of(address: str | None) -> str | None:
    if address is None:
        return None
    bits = NETWORK_BITS[ip_address(address).version]
    return str(ip_network(f"{address}/{bits}", strict=False))
