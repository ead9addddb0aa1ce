"""Data for tests, made through the services where those have rules."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from agents.models import (
    Agent,
    Conversation,
    Lead,
    Membership,
    Message,
    MessageRole,
    Role,
    User,
    Workspace,
)
from agents.people import addresses
from agents.workspaces import members
from agents.workspaces.editing import create_workspace
from experiments.lifecycle import editing
from experiments.models import Experiment, Kind
from glozr.ids import new_id

PASSWORD = "correct horse battery"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    proven = True
    """Whether the address has been shown to be the person's own."""

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        proven = kwargs.pop("proven")
        user = User.objects.create_user(password=PASSWORD, **kwargs)
        if proven:
            addresses.mark_proven(user)
        return user


class WorkspaceFactory(DjangoModelFactory[Workspace]):
    class Meta:
        model = Workspace

    name = factory.Sequence(lambda number: f"Workspace {number}")
    owner = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class: type[Workspace], *args: Any, **kwargs: Any) -> Workspace:
        return create_workspace(**kwargs)


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.EDITOR

    @classmethod
    def _create(cls, model_class: type[Membership], *args: Any, **kwargs: Any) -> Membership:
        return members.add(**kwargs)


class AgentFactory(DjangoModelFactory[Agent]):
    class Meta:
        model = Agent

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda number: f"Agent {number}")
    persona = factory.LazyFunction(lambda: {"name": "Max", "tone": "polite and thorough"})


class ConversationFactory(DjangoModelFactory[Conversation]):
    class Meta:
        model = Conversation

    agent = factory.SubFactory(AgentFactory)
    visitor_id = factory.Sequence(lambda number: f"visitor-{number}")


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    conversation = factory.SubFactory(ConversationFactory)
    agent = factory.SelfAttribute("conversation.agent")
    role = MessageRole.VISITOR
    content = "Hello"


class LeadFactory(DjangoModelFactory[Lead]):
    class Meta:
        model = Lead

    agent = factory.SubFactory(AgentFactory)
    visitor_id = factory.Sequence(lambda number: f"visitor-{number}")
    email = factory.Sequence(lambda number: f"lead{number}@example.com")


def persona_variants() -> list[dict[str, Any]]:
    """Two variants of a persona experiment, half each, as a client sends them."""
    return [
        {"name": "control", "weight": 50, "config": {"persona": {"name": "Max"}}},
        {
            "name": "treatment",
            "weight": 50,
            "config": {"persona": {"name": "Aria", "tone": "warm and concise"}},
        },
    ]


class ExperimentFactory(DjangoModelFactory[Experiment]):
    """A draft; start it with `experiments.lifecycle.start`."""

    class Meta:
        model = Experiment

    agent = factory.SubFactory(AgentFactory)
    name = factory.Sequence(lambda number: f"Experiment {number}")
    kind = Kind.PERSONA.value
    hypothesis = ""
    variants = factory.LazyFunction(persona_variants)

    @classmethod
    def _create(cls, model_class: type[Experiment], *args: Any, **kwargs: Any) -> Experiment:
        by = kwargs.pop("by", None)
        return editing.create(agent=kwargs.pop("agent"), sent=kwargs, by=by)


def unused_id() -> str:
    return str(new_id())
