"""What exists without experiments: people, workspaces, agents and what visitors do."""

from agents.models.agent import Agent, default_persona
from agents.models.audit import KeptText, WorkspaceAction, WorkspaceEvent
from agents.models.conversation import Conversation, Lead, LeadStatus, Message, MessageRole
from agents.models.mail import MailState, OutgoingMail
from agents.models.user import AddressChange, User
from agents.models.workspace import (
    Ability,
    ApiToken,
    Invitation,
    Membership,
    Role,
    Workspace,
    WorkspaceGrant,
)

__all__ = [
    "Ability",
    "AddressChange",
    "Agent",
    "ApiToken",
    "Conversation",
    "Invitation",
    "KeptText",
    "Lead",
    "LeadStatus",
    "MailState",
    "Membership",
    "Message",
    "MessageRole",
    "OutgoingMail",
    "Role",
    "User",
    "Workspace",
    "WorkspaceAction",
    "WorkspaceEvent",
    "WorkspaceGrant",
    "default_persona",
]
