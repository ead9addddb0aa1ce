"""What experiments recorded: variants, history, assignments and the sums over them. Read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agents.admin.scope import HistoryAdmin, ScopedAdmin
from agents.models import User
from agents.roles import Permission
from experiments.models import Assignment, Event, PendingCount, Variant, VariantTotals


class PartOfExperimentAdmin(ScopedAdmin):
    """Rows of an experiment; a deleted one takes them out of everybody's sight but superusers'."""

    workspace_path = "experiment__agent__workspace"

    def within(self, rows: QuerySet[Any], user: User, permission: Permission) -> QuerySet[Any]:
        rows = super().within(rows, user, permission)
        return rows if user.is_superuser else rows.filter(experiment__deleted_at=None)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "experiment__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(Variant)
class VariantAdmin(PartOfExperimentAdmin):
    """Variants are edited with their experiment."""

    list_display = ("name", "experiment", "position", "weight")
    list_filter = ("experiment__kind", "experiment__status")
    list_select_related = ("experiment",)
    search_fields = ("name", "experiment__name", "=id")
    ordering = ("-experiment", "position")


@admin.register(Event)
class EventAdmin(PartOfExperimentAdmin):
    list_display = ("created_at", "experiment", "action", "actor_name")
    list_filter = ("action",)
    list_select_related = ("experiment",)
    search_fields = ("experiment__name", "actor_name")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")


@admin.register(Assignment)
class AssignmentAdmin(HistoryAdmin):
    indexed_lookups = frozenset({"experiment__id__exact", "agent__id__exact"})
    list_display = ("assigned_at", "visitor_id", "experiment_name", "variant", "messages", "leads")
    list_select_related = ("experiment", "variant")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """In the order of the index that serves the filter."""
        return ("visitor_id",) if "experiment__id__exact" in request.GET else ("-id",)

    @admin.display(description="Experiment")
    def experiment_name(self, assignment: Assignment) -> str:
        experiment = assignment.experiment
        return f"{experiment} (deleted)" if experiment.is_deleted else str(experiment)


@admin.register(PendingCount)
class PendingCountAdmin(HistoryAdmin):
    """Waits to be folded into the sums; more than a minute's worth here means nobody folds."""

    list_display = ("id", "visitor_id", "variant_id", "agent")
    list_select_related = ("agent",)
    search_fields = ()
    search_help_text = None


@admin.register(VariantTotals)
class VariantTotalsAdmin(HistoryAdmin):
    indexed_lookups = frozenset({"variant__id__exact", "agent__id__exact"})
    list_display = ("assigned_from", "variant", "visitors", "converted", "messages", "agent")
    list_select_related = ("variant", "agent")
    search_fields = ()
    search_help_text = None
