"""The pages of conversations and leads: where they are, and what they list."""

from typing import Any

from django.test import Client
from django.urls import reverse

from agents.models import Agent, Conversation, Lead
from experiments.models import Experiment
from tests.runtime import Runtime


def list_of(agent: Agent) -> str:
    return reverse("conversation_list", args=[agent.pk])


def leads_of(agent: Agent) -> str:
    return reverse("lead_list", args=[agent.pk])


def transcript(agent: Agent, conversation_id: object) -> str:
    return f"/app/agents/{agent.pk}/conversations/{conversation_id}/"


def of(conversation: Conversation) -> str:
    return transcript(conversation.agent, conversation.pk)


def listed(client: Client, address: str, **query: Any) -> list[Any]:
    response = client.get(address, {key: str(value) for key, value in query.items()})
    assert response.status_code == 200, response.text
    return list(response.context["page"].rows)


def assigned(runtime: Runtime, experiment: Experiment) -> dict[str, Conversation]:
    """By the name of each variant, the conversation of a visitor who got it."""
    found: dict[str, Conversation] = {}
    number = 0
    while len(found) < experiment.variants.count():
        answer = runtime.resolve(f"assigned-{number}")
        assert answer.variant is not None
        found.setdefault(answer.variant, Conversation.objects.get(pk=answer["conversation_id"]))
        number += 1
    return found


def status_of(agent: Agent, lead: Lead) -> str:
    return reverse("lead_status", args=[agent.pk, lead.pk])
