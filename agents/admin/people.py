"""People, and what third-party apps keep about them: for superusers alone."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agents.admin.scope import SuperuserAdmin
from agents.models import User
from agents.people import accounts, addresses
from agents.people.sessions import end_sessions
from glozr.edge import proof
from glozr.errors import Invalid

for theirs in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(theirs)


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        return _checked(self.cleaned_data["email"])


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, Any] = {}

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        return typed if typed == self.instance.email else _checked(typed)


class PersonPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        accounts.after_new_password(user)
        return user


@admin.register(User)
class PersonAdmin(SuperuserAdmin, UserAdmin):  # type: ignore[type-arg]
    """What somebody may do follows from memberships, so groups are not edited here."""

    asks_for_proof = True
    can_delete = False  # would take an Owner away; make the account inactive instead
    form = PersonForm
    add_form = PersonCreationForm
    change_password_form = PersonPasswordForm
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "is_superuser")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    date_hierarchy = "date_joined"
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (
            None,
            {
                "fields": ("email", "password", "first_name", "last_name"),
                "description": (
                    "A new address counts at once and has no power until its owner opens the link "
                    "that is mailed there, and then chooses a password. The old one can take the "
                    "change back for seven days."
                ),
            },
        ),
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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        address = obj.email
        if change and "email" in form.changed_data:
            obj.email = form.initial["email"]
        super().save_model(request, obj, form, change)
        if address != obj.email:
            self.change_address(request, obj, address)
        if change and not obj.is_active:
            end_sessions(obj)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 -- Django's name for it
        form_url: str = "",
    ) -> HttpResponse:
        """Somebody else's password; one's own is changed where everybody's is."""
        if id == str(request.user.pk):
            return redirect("account_change_password")
        if request.method == "POST":
            proof.require(request)
        response: HttpResponse = super().user_change_password(request, id, form_url)
        return response

    def change_address(self, request: HttpRequest, user: User, address: str) -> None:
        old = user.email
        secret = addresses.change_address(user, email=address, is_proven=False)
        for row in EmailAddress.objects.filter(user=user, primary=True, verified=False):
            send_verification_email_to_address(request, row)
        if secret:
            link = request.build_absolute_uri(reverse("address_undo", args=[secret]))
            addresses.tell_old_address(old, user=user, link=link)
        self.message_user(
            request, f"{user.email} has no power before its owner has proven it.", messages.WARNING
        )


@admin.register(Group)
class RoleGroupAdmin(SuperuserAdmin, GroupAdmin):
    """The groups of the workspaces' roles: made with a workspace, filled by memberships."""

    write_permission = None
    list_display = ("name",)


@admin.register(EmailAddress)
class AddressAdmin(SuperuserAdmin, EmailAddressAdmin):  # type: ignore[misc]
    """Which addresses are proven, and which changes were asked for. To be read alone: an address
    is changed at its person, and proven by nobody but its owner."""

    write_permission = None
    actions = ()
    list_select_related = ("user",)
    raw_id_fields = ()


@admin.register(Authenticator)
class SecondFactorAdmin(SuperuserAdmin, AuthenticatorAdmin):  # type: ignore[misc]
    """Can be removed for somebody who lost a device, and not read."""

    can_add = False
    asks_for_proof = True
    secret_fields = frozenset({"data"})
    list_select_related = ("user",)
    search_fields = ("user__email",)
    raw_id_fields = ()
    readonly_fields = ("user", "type", "created_at", "last_used_at")


def _checked(email: str) -> str:
    try:
        return addresses.checked(email)
    except Invalid as error:
        raise forms.ValidationError(error.detail, code=error.errors[0].code) from error
