"""What exists without experiments: people, workspaces, agents and what visitors do."""

from agents.models.agent import Agent, default_persona
from agents.models.attempts import AttemptCount
from agents.models.audit import KeptText, WorkspaceAction, WorkspaceEvent
from agents.models.conversation import (
    ClientKind,
    Conversation,
    Lead,
    LeadRepeat,
    LeadStatus,
    LeadStatusChange,
    Message,
    MessageRole,
)
from agents.models.mail import MailState, OutgoingMail
from agents.models.model_endpoint import ModelEndpoint
from agents.models.revision import AgentRevision
from agents.models.session import UserSession
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
    "AgentRevision",
    "ApiToken",
    "AttemptCount",
    "ClientKind",
    "Conversation",
    "Invitation",
    "KeptText",
    "Lead",
    "LeadRepeat",
    "LeadStatus",
    "LeadStatusChange",
    "MailState",
    "Membership",
    "Message",
    "MessageRole",
    "ModelEndpoint",
    "OutgoingMail",
    "Role",
    "User",
    "UserSession",
    "Workspace",
    "WorkspaceAction",
    "WorkspaceEvent",
    "WorkspaceGrant",
    "default_persona",
]
