"""Who sees and changes what in the Django admin: the product's roles, for every model there.

Every `ModelAdmin` of the project is a `ScopedAdmin`. Superusers see everything. Staff see the
rows of the workspaces in which their role allows it, and change them where it allows that.
"""

from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import DateTimeField, ForeignKey, Model, QuerySet, TextField
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property

from agents.models import Agent, User
from agents.roles import Permission, permissions_by_role
from glozr.edge import proof
from glozr.ids import uuid_or_none

if TYPE_CHECKING:  # Django's own classes take no type parameter at run time
    Rows = Paginator[Any]
    ModelAdmin = admin.ModelAdmin[Any]
    StackedInline = admin.StackedInline[Any, Any]
else:
    Rows, ModelAdmin, StackedInline = Paginator, admin.ModelAdmin, admin.StackedInline

COUNTED_ROWS = 10_000


class BoundedPaginator(Rows):
    """Counts, and so pages through, the first 10,000 rows: no list may count millions."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:COUNTED_ROWS].count()


def person(request: HttpRequest) -> User:
    """Who asks; only for what Django's admin shows to signed-in staff."""
    assert isinstance(request.user, User)
    return request.user


def workspace_ids(user: User | AnonymousUser, permission: Permission) -> frozenset[UUID]:
    """Where staff have `permission`.

    Ids rather than a subquery: with a list of values PostgreSQL knows how few rows match.
    """
    if not (isinstance(user, User) and user.is_active and user.is_staff):
        return frozenset()
    held = permissions_by_role(user)
    return frozenset(pk for pk, permissions in held.items() if permission in permissions)


def agent_ids(user: User) -> frozenset[UUID]:
    """The agents whose visitors staff may look at, read once a request."""
    known: frozenset[UUID] | None = user.__dict__.get("_agent_ids")
    if known is None:
        agents = Agent.objects.filter(workspace__in=workspace_ids(user, Permission.VIEW))
        known = user.__dict__["_agent_ids"] = frozenset(agents.values_list("pk", flat=True))
    return known


class ScopedAdmin(ModelAdmin):
    """Read-only, unless `write_permission` says who may write."""

    workspace_path: ClassVar[str | None] = None
    """From a row to its workspace, as in `agent__workspace`. None: for superusers alone."""
    view_permission: ClassVar[Permission] = Permission.VIEW
    write_permission: ClassVar[Permission | None] = None
    can_add: ClassVar[bool] = False
    can_delete: ClassVar[bool] = False
    asks_for_proof: ClassVar[bool] = False
    """Whether every change, not only deleting, asks again who it is."""
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    """Never shown, and never to be guessed by filtering."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    show_facets = admin.ShowFacets.NEVER  # would count every row once a choice
    formfield_overrides = {
        TextField: {"widget": AdminTextareaWidget({"rows": 4})},
        # One field with a label, where Django's two have none.
        DateTimeField: {"form_class": forms.DateTimeField, "widget": forms.DateTimeInput},
    }

    def within(self, rows: QuerySet[Any], user: User, permission: Permission) -> QuerySet[Any]:
        """Those of `rows` that belong to a workspace in which `user` has `permission`."""
        if user.is_superuser:
            return rows
        if self.workspace_path is None:
            return rows.none()
        return rows.filter(**{f"{self.workspace_path}__in": workspace_ids(user, permission)})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and self.asks_for_proof:
            proof.require(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":
            proof.require(request)
        return super().delete_view(request, object_id, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        action = request.POST.get("action")
        is_confirmed_deletion = action == delete_selected.__name__ and "post" in request.POST
        if is_confirmed_deletion or (action and self.asks_for_proof):
            proof.require(request)
        return super().changelist_view(request, extra_context)

    def view_on_site(self, row: Any) -> str | None:
        """The address of the row's page; None if it has none."""
        return row.get_absolute_url() if hasattr(row, "get_absolute_url") else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return self.within(rows, person(request), self.view_permission)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The row, or 404: another workspace's answers as if it did not exist."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def allows(self, request: HttpRequest, permission: Permission | None, row: Any) -> bool:
        """Whether the role allows it for `row`; for None, whether it may for some row."""
        user = request.user
        if permission is None or not (user.is_active and user.is_staff):
            return False
        if user.is_superuser:
            return True
        if self.workspace_path is None:
            return False
        allowed = workspace_ids(user, permission)
        return bool(allowed) if row is None else self.workspace_id_of(row) in allowed

    def workspace_id_of(self, row: Any) -> UUID:
        names = (self.workspace_path or "").split("__")
        workspace: Model = reduce(getattr, names, row) if names != ["pk"] else row
        return workspace.pk  # type: ignore[no-any-return]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, self.view_permission, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add and self.allows(request, self.write_permission, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, self.write_permission, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete and self.allows(request, self.write_permission, obj)

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        """Offer, and accept, only what the person may write to."""
        model = db_field.remote_field.model
        choices = model._default_manager.none()
        if self.admin_site.is_registered(model):
            target = cast(ScopedAdmin, self.admin_site.get_model_admin(model))
            permission = self.write_permission or self.view_permission
            choices = target.within(model._default_manager.all(), person(request), permission)
        kwargs["queryset"] = choices
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_exclude(
        self, request: HttpRequest, obj: Any = None
    ) -> list[str] | tuple[str, ...] | None:
        exclude = super().get_exclude(request, obj)
        return [*(exclude or ()), *self.secret_fields] or None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        if lookup.partition("__")[0] in self.secret_fields:
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list; what no column can be compared with counts as a bad filter, not a fault."""
        try:
            return super().get_changelist_instance(request)
        except (ValueError, DataError) as error:
            raise IncorrectLookupParameters from error


class SuperuserAdmin(ScopedAdmin):
    """A table that belongs to no workspace: superusers alone see and change it."""

    write_permission: ClassVar[Permission | None] = Permission.VIEW
    can_add = True
    can_delete = True


class HistoryAdmin(ScopedAdmin):
    """A table of millions of rows that nobody edits, by agent, the newest first.

    Only what an index serves is offered: look-ups of `indexed_lookups`, and a search for one
    id or one visitor.
    """

    workspace_path = "agent__workspace"
    indexed_lookups: ClassVar[frozenset[str]] = frozenset()
    search_fields: ClassVar[tuple[str, ...]] = ("id",)
    search_help_text: ClassVar[Any] = "An id, or a visitor's id, in full"
    ordering = ("-id",)
    sortable_by = ()

    def within(self, rows: QuerySet[Any], user: User, permission: Permission) -> QuerySet[Any]:
        return rows if user.is_superuser else rows.filter(agent__in=agent_ids(user))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.indexed_lookups

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if not text or not self.search_fields:
            return queryset, False
        if (row_id := uuid_or_none(text)) is not None:
            with_id = self.with_id(queryset, row_id)
            if with_id.exists():
                return with_id, False
        return self.of_visitor(queryset, text), False

    def with_id(self, rows: QuerySet[Any], row_id: UUID) -> QuerySet[Any]:
        return rows.filter(pk=row_id)

    def of_visitor(self, rows: QuerySet[Any], visitor_id: str) -> QuerySet[Any]:
        # The index begins with the agent, so that is named even where it excludes nothing.
        return rows.filter(agent__in=Agent.objects.order_by().values("pk"), visitor_id=visitor_id)


class ScopedInline(StackedInline):
    """Rows shown with their parent, whose admin says who may see and change them.

    Stacked, as in Django's tables of inlines no field has a label of its own.
    """

    def parent_admin(self) -> ScopedAdmin:
        return cast(ScopedAdmin, self.admin_site.get_model_admin(self.parent_model))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.parent_admin().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.parent_admin().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_change_permission(request, obj)
