"""Experiments: written through `editing` and `lifecycle`, as on the pages and in the API."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from agents.admin.scope import ScopedInline, person
from agents.admin.services import ServiceAdmin, become, refusal_of
from agents.roles import Permission
from experiments import lifecycle, limits
from experiments.admin.forms import ExperimentAdminForm, VariantAdminForm, VariantFormSet
from experiments.configuration import PLAN_FIELDS
from experiments.lifecycle import OnConflict, editing
from experiments.models import Experiment, Variant

WITHOUT_VARIANTS = "Without variants filled in it gets control and treatment, half each."


class VariantInline(ScopedInline):
    """The variants, for as long as nobody has been assigned to one."""

    model = Variant
    form = VariantAdminForm
    formset = VariantFormSet
    fields = ("name", "weight", "position", "config")
    extra = 0
    max_num = limits.MAX_VARIANTS
    ordering = ("position",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_frozen(obj)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.refusal = refusal_of(request)  # type: ignore[attr-defined]
        return formset


class DeletedFilter(admin.SimpleListFilter):
    """Tombstones, which only superusers see."""

    title = "deletion"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Deleted"), ("any", "Both")] if person(request).is_superuser else []

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Experiment]
    ) -> QuerySet[Experiment]:
        if self.value() == "any":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


@admin.register(Experiment)
class ExperimentAdmin(ServiceAdmin):
    workspace_path = "agent__workspace"
    write_permission = Permission.RUN
    can_add = True
    can_delete = True
    form = ExperimentAdminForm
    inlines = (VariantInline,)
    list_display = ("name", "agent", "kind", "status", "takes_visitors", "started_at", "stopped_at")
    list_filter = ("status", "kind", DeletedFilter)
    list_select_related = ("agent",)
    search_fields = ("name", "agent__name", "=id")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    autocomplete_fields = ("agent",)
    actions = ("start_and_stop_current", "start_and_keep_running", "stop", "duplicate")
    kept_fields = (
        *("status", "started_at", "stopped_at", "deleted_at", "created_at", "version"),
        *("starts_at", "starts_on_conflict", "ends_at", "ends_at_visitors", "ends_when_decided"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        by = person(request)
        shown = Experiment.with_tombstones if by.is_superuser else Experiment.objects
        rows = shown.with_is_active().order_by(*self.ordering)
        return self.within(rows, by, self.view_permission)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "agent__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="new visitors")
    def takes_visitors(self, experiment: Experiment) -> str:
        if not experiment.is_running:
            return ""
        return "Takes them" if experiment.is_active else "Superseded"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_deleted(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_deleted(obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        setup = [
            "agent",
            "name",
            "hypothesis",
            "kind",
            "window_days",
            *PLAN_FIELDS,
            "traffic_share",
        ]
        if obj is None:
            return [(None, {"fields": setup, "description": WITHOUT_VARIANTS})]
        if self.has_change_permission(request, obj):
            setup.append("seen_version")
        return [
            (None, {"fields": setup}),
            ("Kept by the system", {"classes": ["collapse"], "fields": ["id", *self.kept_fields]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        frozen = ("kind", "window_days") if _is_frozen(obj) else ()
        planned = PLAN_FIELDS if obj.has_started else ()
        return ("agent", "id", *self.kept_fields, *frozen, *planned)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing yet: `save_related` has the variants as well."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write experiment and variants in one call of the service."""
        (variants,) = formsets
        variants.new_objects = variants.changed_objects = variants.deleted_objects = []
        sent = form.setup()
        if change:
            if not _is_frozen(form.instance):
                sent["variants"] = variants.setup()
            seen = form.cleaned_data["seen_version"]
            editing.edit(form.instance, sent=sent, by=person(request), seen_version=seen)
        else:
            if rows := variants.setup():
                sent["variants"] = rows
            agent = form.cleaned_data["agent"]
            become(form.instance, editing.create(agent=agent, sent=sent, by=person(request)))

    def delete_model(self, request: HttpRequest, obj: Experiment) -> None:
        lifecycle.delete(obj, by=person(request))

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """What deleting takes away: the experiments alone. Assignments and stamps remain."""
        told = [
            f"{experiment}, which is running and will be stopped"
            if experiment.is_running
            else str(experiment)
            for experiment in objs
        ]
        refused = {"experiment" for each in objs if not self.has_delete_permission(request, each)}
        return told, {"experiments": len(told)}, refused, []

    @admin.action(description="Start, and stop the one that runs", permissions=["change"])
    def start_and_stop_current(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        self._start(request, queryset, OnConflict.STOP_CURRENT)

    @admin.action(
        description="Start, and keep the one that runs for its visitors", permissions=["change"]
    )
    def start_and_keep_running(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        self._start(request, queryset, OnConflict.KEEP_RUNNING)

    @admin.action(description="Stop", permissions=["change"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        step = partial(lifecycle.stop, by=person(request))
        self.for_each(request, queryset, step, "stopped")

    @admin.action(description="Duplicate as a draft", permissions=["change"])
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        step = partial(editing.duplicate, by=person(request))
        self.for_each(request, queryset, step, "duplicated")

    def _start(
        self, request: HttpRequest, queryset: QuerySet[Experiment], on_conflict: OnConflict
    ) -> None:
        chosen = list(queryset)
        if len({experiment.agent_id for experiment in chosen}) < len(chosen):
            told = "Choose one of each agent's: a second would take the visitors from the first."
            self.message_user(request, told, messages.ERROR)
            return
        step = partial(lifecycle.start, by=person(request), on_conflict=on_conflict)
        self.for_each(request, chosen, step, "started")


def _is_deleted(experiment: Experiment | None) -> bool:
    return experiment is not None and experiment.is_deleted


def _is_frozen(experiment: Experiment | None) -> bool:
    """`Experiment.is_frozen`, asked once a request; a new one is not."""
    if experiment is None or experiment._state.adding:
        return False
    if "_frozen" not in experiment.__dict__:
        experiment.__dict__["_frozen"] = experiment.is_frozen()
    return bool(experiment.__dict__["_frozen"])
