"""Leads: read-only, save for their status, which figures count."""

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agents.admin.scope import HistoryAdmin
from agents.admin.services import ServiceAdmin
from agents.models import Agent, Lead
from agents.models.conversation import LeadQuerySet
from agents.roles import Permission
from experiments.visitors.lead_status import change_lead_status
from glozr.ids import uuid_or_none


@admin.register(Lead)
class LeadAdmin(ServiceAdmin, HistoryAdmin):
    """Only the status is a person's to change."""

    write_permission = Permission.RUN
    indexed_lookups = frozenset({"agent__id__exact", "status__exact"})
    list_display = ("email", "name", "company", "status", "agent", "created_at")
    list_filter = ("status",)
    list_select_related = ("agent",)
    search_help_text: ClassVar[str] = "An e-mail address, or a visitor's or lead's id, in full"
    fields = (
        "status",
        "email",
        "name",
        "phone",
        "company",
        "agent",
        "visitor_id",
        "conversation",
        "created_at",
        "updated_at",
    )
    readonly_fields = fields[1:]

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-created_at", "-id") if "agent__id__exact" in request.GET else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        text = search_term.strip()
        if "@" in text and uuid_or_none(text) is None:
            agents = Agent.objects.order_by().values("pk")
            found = cast(LeadQuerySet, queryset).filter(agent__in=agents)
            return found.with_email(text), False
        return super().get_search_results(request, queryset, search_term)

    def edit(self, request: HttpRequest, row: Lead, values: dict[str, Any]) -> None:
        change_lead_status(row, status=values["status"])
