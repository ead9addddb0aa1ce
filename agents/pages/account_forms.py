"""The forms of django-allauth in the words of the other pages: sentence case, no placeholders.

Those that write an address or a password have the services on people write it.
"""

from typing import Any

from allauth.account import forms as account
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from agents.models import User
from agents.people import accounts, addresses, recovery
from glozr.errors import Invalid

FIELD_LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "remember": "Keep me signed in",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password, again",
    "code": "Code",
}


class InOurWords:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.label = FIELD_LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(InOurWords, account.LoginForm):  # type: ignore[misc]
    pass


class AddEmailForm(InOurWords, account.AddEmailForm):  # type: ignore[misc]
    """Asks for another address. Whether it is somebody else's is not said before it is proven."""

    # Not allauth's, which makes small letters before anybody sees what was typed.
    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def clean_email(self) -> str:
        try:
            return addresses.checked_other(self.user, self.cleaned_data["email"])
        except Invalid as error:
            raise ValidationError(error.detail, code=error.errors[0].code) from error

    def save(self, request: HttpRequest) -> EmailAddress:
        row = addresses.ask_for_change(self.user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, row)
        return row


class ChangePasswordForm(InOurWords, account.ChangePasswordForm):  # type: ignore[misc]
    def save(self) -> None:
        _change_password(self.user, self.cleaned_data["password1"])


class SetPasswordForm(InOurWords, account.SetPasswordForm):  # type: ignore[misc]
    def save(self) -> None:
        _change_password(self.user, self.cleaned_data["password1"])


class ResetPasswordForm(InOurWords, account.ResetPasswordForm):  # type: ignore[misc]
    """Looks for nobody: the answer, and the time it takes, say nothing about who exists."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        recovery.ask_for_reset(email, origin=request.build_absolute_uri("/").rstrip("/"))
        return email


class ResetPasswordKeyForm(InOurWords, account.ResetPasswordKeyForm):  # type: ignore[misc]
    def save(self) -> None:
        accounts.reset_password(self.user, password=self.cleaned_data["password1"])


def _change_password(user: User, password: str) -> None:
    key = context.request.session.session_key
    accounts.change_password(user, password=password, except_key=key)


class ConfirmPasswordForm(InOurWords, account.ReauthenticateForm):  # type: ignore[misc]
    pass


class CodeForm(InOurWords, mfa.AuthenticateForm):  # type: ignore[misc]
    pass


class ConfirmCodeForm(InOurWords, mfa.ReauthenticateForm):  # type: ignore[misc]
    pass


class AuthenticatorForm(InOurWords, ActivateTOTPForm):  # type: ignore[misc]
    pass
