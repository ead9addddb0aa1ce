"""Mail to all Owners of a workspace about what widens or ends somebody's access to it."""

from django.template.loader import render_to_string

from agents.audit.narrative import workspace_step
from agents.mail import outbox
from agents.models import Role, User, WorkspaceAction, WorkspaceEvent

ALWAYS_TOLD = frozenset(
    {
        WorkspaceAction.MEMBER_REMOVED,
        WorkspaceAction.MEMBER_LEFT,
        WorkspaceAction.TOKEN_CREATED,
        WorkspaceAction.TOKEN_ROTATED,
        WorkspaceAction.TOKEN_REVOKED,
    }
)
ABOUT_ROLES = frozenset(
    {
        WorkspaceAction.MEMBER_ADDED,
        WorkspaceAction.MEMBER_JOINED,
        WorkspaceAction.ROLE_CHANGED,
    }
)


def tell_owners(event: WorkspaceEvent) -> None:
    """Write to each Owner, should this be something that Owners are told of."""
    if not _is_told(event):
        return
    event.refresh_from_db(fields=["created_at"])  # the database decides it
    text = render_to_string(
        "agents/audit/owner_mail.txt",
        {"step": workspace_step(event), "workspace": event.workspace},
    )
    owners = User.objects.filter(
        memberships__workspace=event.workspace_id, memberships__role=Role.OWNER, is_active=True
    )
    for address in owners.values_list("email", flat=True):
        outbox.write(
            subject="A change in a workspace of yours on Glozr",
            body=text,
            recipient=address,
            label=outbox.Label("owner_notice", workspace=event.workspace, about=event.pk),
        )


def _is_told(event: WorkspaceEvent) -> bool:
    if event.action in ABOUT_ROLES:
        if event.actor_id is None:  # the first Owner of a workspace that is just being made
            return False
        _, role = event.changes.get("role", (None, None))
        return bool(role == Role.OWNER)
    return event.action in ALWAYS_TOLD
