from typing import Any
from uuid import UUID

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.agents.prompt import system_prompt
from agents.models import Agent, Conversation, Message, MessageRole
from experiments.bucketing import bucket
from experiments.models import Assignment, Experiment, PendingCount, Variant
from experiments.runtime.answers import persona_of
from glozr.ids import new_id


class AssignmentSerializer(serializers.Serializer[Any]):
    visitor_id = serializers.CharField(max_length=128)
    conversation_id = serializers.UUIDField(required=False)
    playground = serializers.BooleanField(required=False)


class MessageSerializer(serializers.Serializer[Any]):
    visitor_id = serializers.CharField(max_length=128)
    role = serializers.ChoiceField(choices=MessageRole.choices)
    content = serializers.CharField(max_length=32_000)


@transaction.atomic
def resolve(
    agent: Agent, visitor: str, conversation_id: UUID
) -> tuple[Conversation, Variant | None]:
    conversation, _ = Conversation.objects.select_for_update().get_or_create(
        pk=conversation_id, agent=agent, defaults={"visitor_id": visitor}
    )
    if conversation.decided_at is None:
        conversation.variant_id = assigned_variant(agent, visitor)
        conversation.decided_at = timezone.now()
        conversation.save()
        if conversation.variant_id:
            PendingCount.objects.create(
                agent=agent, variant_id=conversation.variant_id, visitor_id=visitor
            )
    if conversation.variant_id is None:
        return conversation, None
    variants = Variant.objects.select_related("experiment")
    return conversation, variants.get(pk=conversation.variant_id)


def assigned_variant(agent: Agent, visitor: str) -> UUID | None:
    held = (
        Assignment.objects.filter(agent=agent, visitor_id=visitor, experiment__status="running")
        .order_by("-experiment__started_at")
        .first()
    )
    if held:
        return held.variant_id
    active = (
        Experiment.objects.of_agent(agent.pk)
        .running()
        .select_for_update(of=("self",), no_key=True)
        .latest_started()
        .first()
    )
    if active is None:
        return None
    variants = list(active.variants.all())
    chosen = variants[bucket(active.pk, visitor, [variant.weight for variant in variants])]
    assignment, _ = Assignment.objects.get_or_create(
        experiment=active, visitor_id=visitor, defaults={"agent": agent, "variant": chosen}
    )
    return assignment.variant_id


def resolution(agent: Agent, conversation: Conversation, variant: Variant | None) -> dict[str, Any]:
    persona = persona_of(agent.persona, variant)
    return {
        "conversation_id": conversation.pk,
        "visitor_id": conversation.visitor_id,
        "experiment": variant and {"id": variant.experiment_id, "name": variant.experiment.name},
        "variant": variant and {"id": variant.pk, "name": variant.name, "config": variant.config},
        "persona": persona,
        "system_prompt": system_prompt(persona, agent.system_prompt),
    }


class AssignmentsView(APIView):
    def post(self, request: Request, agent_id: UUID) -> Response:
        agent = get_object_or_404(
            Agent,
            pk=agent_id,
            workspace=request.auth.workspace,  # type: ignore[union-attr]
        )
        serializer = AssignmentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        found = resolve(agent, data["visitor_id"], data.get("conversation_id") or new_id())
        return Response(resolution(agent, *found))


class MessagesView(APIView):
    def post(self, request: Request, agent_id: UUID, conversation_id: UUID) -> Response:
        agent = get_object_or_404(
            Agent,
            pk=agent_id,
            workspace=request.auth.workspace,  # type: ignore[union-attr]
        )
        serializer = MessageSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with transaction.atomic():
            conversation, variant = resolve(agent, data["visitor_id"], conversation_id)
            message = Message.objects.create(
                agent=agent, conversation=conversation, role=data["role"], content=data["content"]
            )
            if variant:
                PendingCount.objects.create(
                    agent=agent, variant_id=variant.pk, visitor_id=data["visitor_id"]
                )
        body = {
            "id": message.pk,
            "content": message.content,
            "resolution": resolution(agent, conversation, variant),
        }
        return Response(body, status=status.HTTP_201_CREATED)
