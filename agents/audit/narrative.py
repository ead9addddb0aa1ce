"""What was done, in words: the same for the history of a workspace and of an experiment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agents import limits
from agents.audit import texts
from agents.models import Role, WorkspaceAction, WorkspaceEvent

LABELS_OF_WORKSPACE = {
    "name": "Name",
    "time_zone": "Time zone",
    "retention_months": "Months that visitors are kept",
    "role": "Role",
    "abilities": "Abilities",
    "persona_name": "Persona's name",
    "persona_tone": "Tone",
    "system_prompt": "System prompt",
    "revision": "Revision",
    "under_way": "Conversations under way",
    "sends": "Sends notices",
    "secret": "Secret",
    "model_address": "Address",
    "model": "Model",
    "model_key": "Key",
    "calls_a_day": "Calls a day",
}


SENTENCES: Mapping[WorkspaceAction, str] = {
    WorkspaceAction.WORKSPACE_CREATED: "created the workspace",
    WorkspaceAction.WORKSPACE_EDITED: "changed the workspace's settings",
    WorkspaceAction.MEMBER_ADDED: "made {subject} a member",
    WorkspaceAction.MEMBER_JOINED: "joined by invitation",
    WorkspaceAction.ROLE_CHANGED: "changed the role of {subject}",
    WorkspaceAction.MEMBER_REMOVED: "removed {subject}",
    WorkspaceAction.MEMBER_LEFT: "left the workspace",
    WorkspaceAction.INVITED: "invited {subject}",
    WorkspaceAction.INVITED_AGAIN: "invited {subject} again",
    WorkspaceAction.INVITATION_WITHDRAWN: "withdrew the invitation of {subject}",
    WorkspaceAction.TOKEN_CREATED: "created the API token {subject}",
    WorkspaceAction.TOKEN_ROTATED: "gave the API token {subject} a new key",
    WorkspaceAction.TOKEN_REVOKED: "revoked the API token {subject}",
    WorkspaceAction.AGENT_CREATED: "created the agent {subject}",
    WorkspaceAction.AGENT_EDITED: "edited the agent {subject}",
    WorkspaceAction.SIGNED_IN: "signed in",
    WorkspaceAction.VISITORS_LEFT_OUT: "left visitors out of the figures (by {subject})",
    WorkspaceAction.VISITORS_COUNTED_IN: "counted visitors in again (by {subject})",
    WorkspaceAction.VISITOR_ERASED: "erased a visitor of {subject}",
    WorkspaceAction.VISITOR_EXPORTED: "exported what is held of a visitor of {subject}",
    WorkspaceAction.PUT_INTO_USE: "put the persona of {subject} into use",
    WorkspaceAction.TAKEN_BACK: "took the persona of {subject} out of use",
    WorkspaceAction.WEBHOOK_ADDED: "added the webhook {subject}",
    WorkspaceAction.WEBHOOK_CHANGED: "changed the webhook {subject}",
    WorkspaceAction.WEBHOOK_REMOVED: "removed the webhook {subject}",
    WorkspaceAction.MODEL_SET: "set the model that variants are tried with",
    WorkspaceAction.MODEL_REMOVED: "removed the model that variants were tried with",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was one way and is another; either side may be empty."""

    label: str
    before: str
    after: str

    def in_brief(self) -> "Difference":
        return Difference(self.label, _beginning(self.before), _beginning(self.after))


@dataclass(frozen=True, slots=True)
class Step:
    """`is_cut` says that differences are longer than they are shown."""

    id: UUID
    who: str
    when: datetime
    what: str
    differences: Sequence[Difference]
    is_cut: bool = False


def workspace_step(event: WorkspaceEvent, *, whole: Mapping[str, str] | None = None) -> Step:
    """An event in words: in brief, or with the `whole` texts that it refers to."""
    found = told_differences(texts.restored(event.changes, whole or {}))
    shown = found if whole is not None else [each.in_brief() for each in found]
    return Step(
        id=event.pk,
        who=event.actor_name,
        when=event.created_at,
        what=SENTENCES[WorkspaceAction(event.action)].format(subject=event.subject),
        differences=shown,
        is_cut=whole is None and (shown != found or texts.refers(event.changes)),
    )


def told_differences(changes: Mapping[str, Any]) -> list[Difference]:
    """What changed of workspaces, members, tokens and agents, from `{field: [before, after]}`."""
    return [
        Difference(label, _worded(before), _worded(after))
        for field, label in LABELS_OF_WORKSPACE.items()
        if field in changes
        for before, after in [changes[field]]
    ]


def _worded(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if value in Role.values:
        return str(Role(value).label)
    return "" if value is None else str(value)


def _beginning(text: str) -> str:
    if len(text) <= limits.HISTORY_TEXT:
        return text
    return f"{text[: limits.HISTORY_BEGINNING]}… ({len(text):,} characters)"
