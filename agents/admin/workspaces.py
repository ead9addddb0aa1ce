"""Workspaces, who belongs to them, what may call for them, and their agents."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents import agents, tokens, workspaces
from agents.admin.history import changelist_link
from agents.admin.scope import ScopedAdmin, person
from agents.admin.services import ModelForm, ServiceAdmin, ServiceForm
from agents.models import (
    Ability,
    Agent,
    ApiToken,
    Conversation,
    Invitation,
    Lead,
    Membership,
    User,
    Workspace,
    WorkspaceGrant,
    default_persona,
)
from agents.roles import Permission


class WorkspaceForm(ServiceForm):
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True), help_text="Its first Owner.", required=True
    )


@admin.register(Workspace)
class WorkspaceAdmin(ServiceAdmin):
    workspace_path = "pk"
    write_permission = Permission.MANAGE_MEMBERS
    list_display = ("name", "time_zone", "created_at", "agents_link", "members_link")
    list_filter = ("time_zone",)
    search_fields = ("name", "=id")
    date_hierarchy = "created_at"
    readonly_fields = ("id", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return person(request).is_superuser

    def get_fieldsets(self, request: HttpRequest, obj: Workspace | None = None) -> Any:
        fields = ["name", "time_zone"]
        return [(None, {"fields": [*fields, "id", "created_at"] if obj else [*fields, "owner"]})]

    def get_form(
        self,
        request: HttpRequest,
        obj: Workspace | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[ModelForm]:
        if obj is None:
            kwargs["form"] = WorkspaceForm
        return super().get_form(request, obj, change, **kwargs)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Workspace:
        return workspaces.create(**values)

    def edit(self, request: HttpRequest, row: Workspace, values: dict[str, Any]) -> None:
        workspaces.edit(row, **values)

    @admin.display(description="Agents")
    def agents_link(self, workspace: Workspace) -> SafeString:
        return changelist_link(Agent, "Agents", workspace__id__exact=workspace.pk)

    @admin.display(description="Members")
    def members_link(self, workspace: Workspace) -> SafeString:
        return changelist_link(Membership, "Members", workspace__id__exact=workspace.pk)


@admin.register(WorkspaceGrant)
class GrantAdmin(ScopedAdmin):
    """What each role may do; `agents.roles` grants it when a workspace is made."""

    workspace_path = "content_object"
    view_permission = Permission.MANAGE_MEMBERS
    list_display = ("content_object", "group", "permission")
    list_select_related = ("content_object", "group", "permission__content_type")
    search_fields = ("content_object__name",)
    ordering = ("content_object", "group", "permission")


class AgentForm(ServiceForm):
    persona_name = forms.CharField(max_length=agents.NAME_LENGTH)
    persona_tone = forms.CharField(
        max_length=agents.TONE_LENGTH, widget=forms.Textarea({"rows": 3}), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        persona = self.instance.persona or default_persona()
        for key in ("name", "tone"):
            self.fields[f"persona_{key}"].initial = persona.get(key, "")


@admin.register(Agent)
class AgentAdmin(ServiceAdmin):
    workspace_path = "workspace"
    write_permission = Permission.EDIT_AGENTS
    can_add = True
    form = AgentForm
    list_display = ("name", "workspace", "created_at", "conversations_link", "leads_link")
    list_select_related = ("workspace",)
    search_fields = ("name", "workspace__name", "=id")
    date_hierarchy = "created_at"
    autocomplete_fields = ("workspace",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "workspace__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        return ("workspace", "persona", "id", "config_version", "created_at") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        changeable = obj is None or self.has_change_permission(request, obj)
        persona = ["persona_name", "persona_tone"] if changeable else ["persona"]
        kept = ["id", "config_version", "created_at"] if obj else []
        return [
            (None, {"fields": ["workspace", "name"]}),
            ("What visitors meet", {"fields": [*persona, "system_prompt"]}),
            *([("Kept by the system", {"fields": kept})] if kept else []),
        ]

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Agent:
        return agents.create(workspace=values["workspace"], **self.decided(values))

    def edit(self, request: HttpRequest, row: Agent, values: dict[str, Any]) -> None:
        agents.edit(row, **self.decided(values))

    def decided(self, values: dict[str, Any]) -> dict[str, Any]:
        persona = {"name": values["persona_name"], "tone": values["persona_tone"]}
        return {
            "name": values["name"],
            "persona": persona,
            "system_prompt": values["system_prompt"],
        }

    @admin.display(description="Conversations")
    def conversations_link(self, agent: Agent) -> SafeString:
        return changelist_link(Conversation, "Conversations", agent__id__exact=agent.pk)

    @admin.display(description="Leads")
    def leads_link(self, agent: Agent) -> SafeString:
        return changelist_link(Lead, "Leads", agent__id__exact=agent.pk)


class TokenForm(ServiceForm):
    abilities = forms.MultipleChoiceField(
        choices=Ability.choices, widget=forms.CheckboxSelectMultiple
    )


class RevokedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("usable", "Usable"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        state = self.value()
        if state not in ("usable", "revoked"):
            return queryset
        return queryset.filter(revoked_at__isnull=state == "usable")


@admin.register(ApiToken)
class TokenAdmin(ServiceAdmin):
    workspace_path = "workspace"
    view_permission = Permission.MANAGE_TOKENS
    write_permission = Permission.MANAGE_TOKENS
    can_add = True
    secret_fields = frozenset({"digest"})
    form = TokenForm
    list_display = ("name", "hint", "workspace", "abilities", "last_used_at", "revoked_at")
    list_filter = (RevokedFilter,)
    list_select_related = ("workspace",)
    search_fields = ("name", "hint", "workspace__name", "=id")
    date_hierarchy = "created_at"
    autocomplete_fields = ("workspace",)
    actions = ("revoke",)
    shown: ClassVar[tuple[str, ...]] = (
        "workspace",
        "name",
        "abilities",
        "hint",
        "created_by",
        "created_at",
        "last_used_at",
        "revoked_at",
    )

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return self.shown if obj else ("workspace", "name", "abilities")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return self.shown if obj else ()

    def get_form(
        self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        if obj is not None:
            kwargs["form"] = ServiceForm
        return super().get_form(request, obj, change, **kwargs)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> ApiToken:
        token, key = tokens.create(**values, created_by=person(request))
        told = format_html("The key, shown this once: <code>{}</code> Copy it now.", key)
        self.message_user(request, told, messages.WARNING)
        return token

    def edit(self, request: HttpRequest, row: ApiToken, values: dict[str, Any]) -> None:
        """A token stays as it was made, until the action revokes it."""

    @admin.action(description="Revoke the selected tokens at once", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        self.for_each(request, queryset, tokens.revoke, "revoked")


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin):
    workspace_path = "workspace"
    view_permission = Permission.MANAGE_MEMBERS
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__name")
    date_hierarchy = "created_at"

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "workspace__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(Invitation)
class InvitationAdmin(ScopedAdmin):
    """People are invited, and links sent again, on the workspace's page of members."""

    workspace_path = "workspace"
    view_permission = Permission.MANAGE_MEMBERS
    secret_fields = frozenset({"digest"})
    list_display = ("email", "workspace", "role", "invited_by", "created_at", "expires_at")
    list_filter = ("role",)
    list_select_related = ("workspace", "invited_by")
    search_fields = ("email", "workspace__name")
    date_hierarchy = "created_at"
