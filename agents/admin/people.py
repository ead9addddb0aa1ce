"""People, and what third-party apps keep about them: for superusers alone."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group

from agents.admin.scope import SuperuserAdmin
from agents.models import User

for theirs in (Group, EmailAddress, Authenticator):
    admin.site.unregister(theirs)


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email",)


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, Any] = {}


@admin.register(User)
class PersonAdmin(SuperuserAdmin, UserAdmin):  # type: ignore[type-arg]
    """What somebody may do follows from memberships, so groups are not edited here."""

    can_delete = False  # would take an Owner away; make the account inactive instead
    form = PersonForm
    add_form = PersonCreationForm
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "is_superuser")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    date_hierarchy = "date_joined"
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": (
                    "Staff may open this admin, where their memberships say what they see. "
                    "Superusers see and change everything. To shut somebody out, clear Active."
                ),
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)


@admin.register(Group)
class RoleGroupAdmin(SuperuserAdmin, GroupAdmin):
    """The groups of the workspaces' roles: made with a workspace, filled by memberships."""

    write_permission = None
    list_display = ("name",)


@admin.register(EmailAddress)
class AddressAdmin(SuperuserAdmin, EmailAddressAdmin):  # type: ignore[misc]
    list_select_related = ("user",)
    autocomplete_fields = ("user",)
    raw_id_fields = ()


@admin.register(Authenticator)
class SecondFactorAdmin(SuperuserAdmin, AuthenticatorAdmin):  # type: ignore[misc]
    """Can be removed for somebody who lost a device, and not read."""

    can_add = False
    secret_fields = frozenset({"data"})
    list_select_related = ("user",)
    search_fields = ("user__email",)
    raw_id_fields = ()
    readonly_fields = ("user", "type", "created_at", "last_used_at")
