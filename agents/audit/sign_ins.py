"""Sign-ins, in the history of every workspace that the person belongs to."""

from typing import Any

from django.contrib.auth.signals import user_logged_in

from agents.models import User, WorkspaceAction, WorkspaceEvent

MOST_WORKSPACES = 50
"""Somebody in more workspaces than this is noted in those joined last."""


def listen() -> None:
    user_logged_in.connect(_note, dispatch_uid="agents.audit.sign_ins")


def _note(*, user: User, **_: Any) -> None:
    joined = user.memberships.order_by("-created_at", "-id")
    WorkspaceEvent.objects.bulk_create(
        WorkspaceEvent(
            workspace_id=workspace_id,
            action=WorkspaceAction.SIGNED_IN,
            actor=user,
            actor_name=str(user),
        )
        for workspace_id in joined.values_list("workspace_id", flat=True)[:MOST_WORKSPACES]
    )
