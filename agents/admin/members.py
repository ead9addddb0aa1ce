"""Who belongs to a workspace, who is invited, and which programs may call for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from agents import limits
from agents.admin.scope import person, workspace_ids
from agents.admin.services import ModelForm, ServiceAdmin, ServiceForm
from agents.models import Ability, ApiToken, Invitation, Membership, Role, User
from agents.people import invitations
from agents.roles import Permission
from agents.workspaces import members, tokens
from glozr.errors import FieldError, Invalid


class TokenAdminForm(ServiceForm):
    abilities = forms.MultipleChoiceField(
        choices=Ability.choices, widget=forms.CheckboxSelectMultiple
    )
    agent_ids = SimpleArrayField(
        forms.UUIDField(), required=False, help_text="Their ids, with commas; empty: all."
    )
    networks = SimpleArrayField(
        forms.CharField(),
        required=False,
        help_text="Such as 203.0.113.0/24, with commas; empty: all",
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


def _key_page(admin_site: Any, request: HttpRequest, token: ApiToken, key: str) -> HttpResponse:
    """The key, in this answer and nowhere else: no message keeps it, and no cookie."""
    context = {**admin_site.each_context(request), "title": token.name, "token": token, "key": key}
    return TemplateResponse(request, "admin/agents/apitoken/key.html", context)


@admin.register(ApiToken)
class TokenAdmin(ServiceAdmin):
    workspace_path = "workspace"
    view_permission = Permission.MANAGE_TOKENS
    write_permission = Permission.MANAGE_TOKENS
    can_add = True
    asks_for_proof = True
    secret_fields = frozenset({"digest", "previous_digest"})
    form = TokenAdminForm
    list_display = ("name", "hint", "workspace", "abilities", "last_used_at", "revoked_at")
    list_filter = (RevokedFilter,)
    list_select_related = ("workspace",)
    search_fields = ("name", "hint", "workspace__name", "=id")
    date_hierarchy = "created_at"
    autocomplete_fields = ("workspace",)
    actions = ("rotate", "revoke")
    shown: ClassVar[tuple[str, ...]] = (
        "workspace",
        "name",
        "abilities",
        "hint",
        "created_by",
        "created_at",
        "last_used_at",
        "last_used_from",
        "expires_at",
        "agent_ids",
        "networks",
        "previous_until",
        "revoked_at",
    )
    chosen: ClassVar[tuple[str, ...]] = (
        "workspace",
        "name",
        "abilities",
        "expires_at",
        "agent_ids",
        "networks",
    )

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return self.shown if obj else self.chosen

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return self.shown if obj else ()

    def get_form(
        self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        if obj is not None:
            kwargs["form"] = ServiceForm
        return super().get_form(request, obj, change, **kwargs)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> ApiToken:
        bounds = tokens.Bounds(
            values["expires_at"], values["agent_ids"] or (), values["networks"] or ()
        )
        token, key = tokens.create_token(
            workspace=values["workspace"],
            name=values["name"],
            abilities=values["abilities"],
            created_by=person(request),
            bounds=bounds,
        )
        request.__dict__["new_key"] = key  # for `response_add`
        return token

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        return _key_page(self.admin_site, request, obj, request.__dict__["new_key"])

    def edit(self, request: HttpRequest, row: ApiToken, values: dict[str, Any]) -> None:
        """A token stays as it was made, until the action revokes it."""

    @admin.action(
        description="Make a new key for the selected token; the old one goes on for a day",
        permissions=["change"],
    )
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponse | None:
        token, *others = queryset[:2]
        if others:
            self.message_user(request, "Select one token: its key is shown.", messages.ERROR)
        elif not self.has_change_permission(request, token):
            self.message_user(request, "Your role doesn't allow this.", messages.ERROR)
        else:
            with self.told(request):
                rotated, key = tokens.rotate_token(
                    token, overlap=timedelta(days=1), by=person(request)
                )
                return _key_page(self.admin_site, request, rotated, key)
        return None

    @admin.action(description="Revoke the selected tokens at once", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoke = partial(tokens.revoke_token, by=person(request))
        self.for_each(request, queryset, revoke, "revoked")


class MembershipForm(ServiceForm):
    email = forms.EmailField(
        label="E-mail address",
        help_text="Of somebody who has an account. To invite others, use the page of members.",
    )


@admin.register(Membership)
class MembershipAdmin(ServiceAdmin):
    workspace_path = "workspace"
    view_permission = Permission.MANAGE_MEMBERS
    write_permission = Permission.MANAGE_MEMBERS
    can_add = True
    can_delete = True
    asks_for_proof = True
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__name")
    date_hierarchy = "created_at"
    autocomplete_fields = ("workspace",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "workspace__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return (
            ("user", "workspace", "role", "created_at") if obj else ("workspace", "email", "role")
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Membership | None = None
    ) -> tuple[str, ...]:
        return ("user", "workspace", "created_at") if obj else ()

    def get_form(
        self,
        request: HttpRequest,
        obj: Membership | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[ModelForm]:
        if obj is None:
            kwargs["form"] = MembershipForm
        return super().get_form(request, obj, change, **kwargs)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Membership:
        user = _known_person(values["email"], by=person(request))
        return members.add_without_invitation(
            workspace=values["workspace"], user=user, role=Role(values["role"]), by=person(request)
        )

    def edit(self, request: HttpRequest, row: Membership, values: dict[str, Any]) -> None:
        role = Role(values["role"])
        with self.revoked_told(request, row, role):
            members.change_role(row, role=role, by=person(request))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        with self.revoked_told(request, obj, None):
            members.remove(obj, by=person(request))

    @contextmanager
    def revoked_told(
        self, request: HttpRequest, row: Membership, role: Role | None
    ) -> Iterator[None]:
        """Say which tokens went with the right to have them; the pages let one keep some."""
        kept = Membership.objects.select_related("user", "workspace").get(pk=row.pk)
        at_stake = members.tokens_at_stake(kept, role, by=person(request))
        names = [str(token) for token in at_stake[: limits.TOKENS_LISTED]]
        yield
        if names:
            self.message_user(request, f"Revoked: {', '.join(names)}.", messages.WARNING)


def _known_person(email: str, *, by: User) -> User:
    """Somebody with this address whom `by` knows of: staff can't find out who has an account.

    Raises:
        Invalid: nobody.
    """
    people = User.objects.with_address(email).filter(is_active=True)
    if not by.is_superuser:
        managed = workspace_ids(by, Permission.MANAGE_MEMBERS)
        people = people.filter(memberships__workspace__in=managed).distinct()
    found = people.first()
    if found is None:
        detail = "Nobody you work with has this address. Invite them on the page of members."
        raise Invalid([FieldError("email", "unknown", detail)])
    return found


@admin.register(Invitation)
class InvitationAdmin(ServiceAdmin):
    """People are invited, and links sent again, on the page of members; here they are revoked."""

    workspace_path = "workspace"
    view_permission = Permission.MANAGE_MEMBERS
    write_permission = Permission.MANAGE_MEMBERS
    can_delete = True
    secret_fields = frozenset({"digest"})
    list_display = ("email", "workspace", "role", "invited_by", "created_at", "expires_at")
    list_filter = ("role",)
    list_select_related = ("workspace", "invited_by")
    search_fields = ("email", "workspace__name")
    date_hierarchy = "created_at"

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Invitation) -> None:
        invitations.withdraw(obj, by=person(request))
