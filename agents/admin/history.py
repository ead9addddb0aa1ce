"""What visitors said: read-only."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.admin.scope import HistoryAdmin, agent_ids, person
from agents.models import Agent, Conversation, Message

LATEST_CONVERSATIONS = 100


def changelist_link(model: type[Model], text: str, **lookups: Any) -> SafeString:
    """A link to the admin's list of `model` with a filter set."""
    options = model._meta
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    query = "&".join(f"{name}={value}" for name, value in lookups.items())
    return format_html('<a href="{}?{}">{}</a>', address, query, text)


@admin.register(Conversation)
class ConversationAdmin(HistoryAdmin):
    indexed_lookups = frozenset({"agent__id__exact", "variant_id", "visitor_id"})
    list_display = (
        "started_at",
        "visitor_id",
        "agent",
        "variant_id",
        "playground",
        "messages_link",
    )
    list_select_related = ("agent",)
    fields = (
        "id",
        "agent",
        "visitor_id",
        "variant_id",
        "decided_at",
        "revision",
        "reached_by",
        "playground",
        "started_at",
        "messages_link",
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """In the order of the index that serves the filter."""
        by_index = request.GET.keys() & {"agent__id__exact", "variant_id"}
        return ("-started_at", "-id") if by_index else ("-id",)

    @admin.display(description="Messages")
    def messages_link(self, conversation: Conversation) -> SafeString:
        return changelist_link(Message, "Messages", conversation__id__exact=conversation.pk)


@admin.register(Message)
class MessageAdmin(HistoryAdmin):
    indexed_lookups = frozenset({"conversation__id__exact"})
    list_display = ("sent_at", "role", "excerpt", "conversation", "agent")
    list_select_related = ("agent", "conversation")
    fields = ("id", "agent", "conversation", "role", "content", "sent_at")
    search_help_text = (
        "The id of a message or a conversation, or a visitor's id, in full. "
        f"Listed otherwise are the messages of the latest {LATEST_CONVERSATIONS} conversations."
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("sent_at", "id") if "conversation__id__exact" in request.GET else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        if search_term.strip() or "conversation__id__exact" in request.GET:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(conversation__in=self.latest_conversations(request)), False

    def latest_conversations(self, request: HttpRequest) -> list[UUID]:
        """Where the list begins: messages have no index by agent or time."""
        conversations = Conversation.objects.order_by("-id")
        if not person(request).is_superuser:
            conversations = conversations.filter(agent__in=agent_ids(person(request)))
        return list(conversations.values_list("pk", flat=True)[:LATEST_CONVERSATIONS])

    def with_id(self, rows: QuerySet[Any], row_id: UUID) -> QuerySet[Message]:
        return rows.filter(Q(pk=row_id) | Q(conversation=row_id))

    def of_visitor(self, rows: QuerySet[Any], visitor_id: str) -> QuerySet[Message]:
        agents = Agent.objects.order_by().values("pk")
        theirs = Conversation.objects.filter(agent__in=agents, visitor_id=visitor_id)
        return rows.filter(conversation__in=theirs)

    @admin.display(description="Content")
    def excerpt(self, message: Message) -> str:
        return message.content[:80]
