"""Who gets a workspace's notices by mail, and how one turns that off, signed in or not.

Owners and Admins, who run experiments, get them until they say otherwise; Editors when they ask.
"""

from typing import Any

from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet

from agents.models import Membership, Role, User, Workspace
from agents.second_factor import members_let_in
from experiments import limits
from experiments.models import NoticeMail
from glozr.errors import NotFound

_SALT = "experiments.notices.mail-off"
_MAILED_UNASKED = (Role.OWNER, Role.ADMIN)
_NO_SUCH_LINK = (
    "This link turns nothing off. Copy it whole from the mail, or turn notices off on their page."
)


def wants_mail(user: User, workspace: Workspace) -> bool:
    return _wanting(workspace).filter(user=user).exists()


def choose_mail(user: User, workspace: Workspace, *, is_wanted: bool) -> None:
    """Have the workspace's notices mailed to this person, or no longer."""
    _choose(user.pk, workspace, is_wanted=is_wanted)


def recipients_of(workspace: Workspace, *, but: User | None = None) -> list[User]:
    """Whoever is to be mailed, `but` who has done it themself: those who may see the workspace now
    and have shown that the address is theirs."""
    wanting = _wanting(workspace).values("user")
    people = members_let_in(workspace).proven().filter(pk__in=wanting, is_active=True)
    if but is not None:
        people = people.exclude(pk=but.pk)
    return list(people.order_by("pk").distinct()[: limits.MAILED_NOTICE_TO])


def mail_off_link(user: User, workspace: Workspace) -> str:
    """What stands in the address of a link that turns the mail off, for ever."""
    return signing.dumps([user.pk, str(workspace.pk)], salt=_SALT)


def workspace_of_link(link: str) -> Workspace:
    """
    Raises:
        NotFound: the link is none of ours, or the workspace or the account is gone.
    """
    return _behind(link)[1]


def turn_off_by_link(link: str) -> Workspace:
    """Mail nothing more to whom the link was mailed, of the workspace that it was about.

    Raises:
        NotFound: as `workspace_of_link`.
    """
    user_id, workspace = _behind(link)
    _choose(user_id, workspace, is_wanted=False)
    return workspace


def _behind(link: str) -> tuple[int, Workspace]:
    try:
        user_id, workspace_id = signing.loads(link, salt=_SALT)
    except signing.BadSignature:
        raise NotFound(_NO_SUCH_LINK) from None
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None or not User.objects.filter(pk=user_id).exists():
        raise NotFound(_NO_SUCH_LINK)
    return user_id, workspace


def _choose(user_id: int, workspace: Workspace, *, is_wanted: bool) -> None:
    NoticeMail.objects.bulk_create(
        [NoticeMail(user_id=user_id, workspace=workspace, is_wanted=is_wanted)],
        update_conflicts=True,
        unique_fields=["workspace", "user"],
        update_fields=["is_wanted"],
    )


def _wanting(workspace: Workspace) -> QuerySet[Membership, Any]:
    """Memberships of those who have asked for mail, or are mailed unasked and did not object."""
    chosen = NoticeMail.objects.filter(workspace=workspace, user=OuterRef("user"))
    return Membership.objects.filter(workspace=workspace).filter(
        Exists(chosen.filter(is_wanted=True)) | Q(~Exists(chosen), role__in=_MAILED_UNASKED)
    )
