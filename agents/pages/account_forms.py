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
from allauth.mfa.webauthn import forms as keys
from django import forms
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest

from agents import limits
from agents.models import User
from agents.people import accounts, addresses, attempts, recovery
from agents.people.allauth_adapter import origin_of
from glozr.errors import Invalid

FIELD_LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "remember": "Keep me signed in",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password, again",
    "code": "Code",
    "name": "Name",
    "passwordless": "It may sign me in by itself, without my password (a passkey)",
}


class InOurWords:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.label = FIELD_LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(InOurWords, account.LoginForm):  # type: ignore[misc]
    pass


class MailedCodeForm(InOurWords, account.RequestLoginCodeForm):  # type: ignore[misc]
    """A code goes to who has proven the address. Anybody else is told the same, and gets none."""

    _user: User | None

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        attempts.code_turn(email, origin_of(context.request, email))
        super().clean_email()
        user = self._user
        proven = EmailAddress.objects.filter(user=user, email__iexact=email, verified=True)
        if user is None or not proven.exists():
            self._user = None
        return email


class ConfirmMailedCodeForm(InOurWords, account.ConfirmLoginCodeForm):  # type: ignore[misc]
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
        # Every session ends by it; that of this browser first, so that its answer gets a new one.
        logout(context.request)
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


class AddKeyForm(InOurWords, keys.AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(MaxLengthValidator(limits.KEY_NAME))
        self.fields["name"].help_text = "By which you know it again, such as “My phone”."
        self.fields["passwordless"].help_text = "The key then asks for a fingerprint, face or PIN."


class RenameKeyForm(InOurWords, keys.EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(MaxLengthValidator(limits.KEY_NAME))


class AuthenticatorForm(InOurWords, ActivateTOTPForm):  # type: ignore[misc]
    pass
