"""Workspaces, what their roles may do, and their agents."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents import limits
from agents.admin.history import changelist_link
from agents.admin.scope import ScopedAdmin, person
from agents.admin.services import ModelForm, ServiceAdmin, ServiceForm
from agents.agents.dependents import SHOWN_DEPENDENTS, dependents_of
from agents.agents.editing import Seen, create_agent, edit_agent
from agents.models import (
    Agent,
    Conversation,
    Lead,
    Membership,
    User,
    Workspace,
    WorkspaceGrant,
    default_persona,
)
from agents.roles import Permission
from agents.workspaces.editing import create_workspace, edit_workspace


class WorkspaceAdminForm(ServiceForm):
    owner = forms.ModelChoiceField(
        User.objects.none(), help_text="Its first Owner, who has proven their address."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(field := self.fields.get("owner"), forms.ModelChoiceField):
            field.queryset = User.objects.proven().filter(is_active=True)


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
        fields = ["name", "time_zone", "retention_months"]
        return [(None, {"fields": [*fields, "id", "created_at"] if obj else [*fields, "owner"]})]

    def get_form(
        self,
        request: HttpRequest,
        obj: Workspace | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[ModelForm]:
        if obj is None:
            kwargs["form"] = WorkspaceAdminForm
        return super().get_form(request, obj, change, **kwargs)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Workspace:
        return create_workspace(**values)

    def edit(self, request: HttpRequest, row: Workspace, values: dict[str, Any]) -> None:
        edit_workspace(row, **values, by=person(request))

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


class AgentAdminForm(ServiceForm):
    persona_name = forms.CharField(max_length=limits.PERSONA_NAME)
    persona_tone = forms.CharField(
        max_length=limits.PERSONA_TONE, widget=forms.Textarea({"rows": 3}), required=False
    )
    urgent = forms.BooleanField(
        required=False,
        label="Also in conversations under way",
        help_text="For a mistake that must not be said again; otherwise they go on as they began.",
    )
    seen_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen_name = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        persona = self.instance.persona or default_persona()
        for key in ("name", "tone"):
            self.fields[f"persona_{key}"].initial = persona.get(key, "")
        self.fields["seen_revision"].initial = self.instance.revision
        self.fields["seen_name"].initial = self.instance.name


@admin.register(Agent)
class AgentAdmin(ServiceAdmin):
    workspace_path = "workspace"
    write_permission = Permission.EDIT_AGENTS
    can_add = True
    form = AgentAdminForm
    list_display = ("name", "workspace", "created_at", "conversations_link", "leads_link")
    list_select_related = ("workspace",)
    search_fields = ("name", "workspace__name", "=id")
    date_hierarchy = "created_at"
    autocomplete_fields = ("workspace",)
    kept_fields = ("id", "config_version", "revision", "urgent_revision", "created_at")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "workspace__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        return ("workspace", "persona", *self.kept_fields) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        changeable = obj is None or self.has_change_permission(request, obj)
        persona = ["persona_name", "persona_tone"] if changeable else ["persona"]
        spoken: dict[str, Any] = {"fields": [*persona, "system_prompt"]}
        if obj is not None and changeable:
            spoken["fields"] += ["urgent", "seen_revision", "seen_name"]
            spoken["description"] = _warning(obj)
        kept = list(self.kept_fields) if obj else []
        return [
            (None, {"fields": ["workspace", "name"]}),
            ("What visitors meet", spoken),
            *([("Kept by the system", {"classes": ["collapse"], "fields": kept})] if kept else []),
        ]

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Agent:
        return create_agent(
            workspace=values["workspace"], **self.decided(values), by=person(request)
        )

    def edit(self, request: HttpRequest, row: Agent, values: dict[str, Any]) -> None:
        revision, urgent = values["seen_revision"], values["urgent"]
        seen = None if revision is None else Seen(revision, values["seen_name"])
        by = person(request)
        edit_agent(row, **self.decided(values), by=by, seen=seen, urgent=urgent)

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


def _warning(agent: Agent) -> SafeString | None:
    """That what runs on the agent would be disturbed; names are anybody's words."""
    running = [each.name for each in dependents_of(agent)]
    if not running:
        return None
    more = " and more" if len(running) > SHOWN_DEPENDENTS else ""
    return format_html(
        "Running on this agent: {}{}. An edit changes what new visitors meet in every variant, and "
        "is marked on their results.",
        ", ".join(running[:SHOWN_DEPENDENTS]),
        more,
    )
