"""Sign-in by OpenID Connect: who the configured provider says it is, if we know the address."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

UNKNOWN = (
    "{name} has not confirmed an address that belongs to an account here. Sign in with your "
    "password, or ask an Owner or Admin of your workspace to invite you."
)


class OpenIdAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """An account is found by an address alone: one that the provider says it has verified, and
    that was proven here as well. Nothing is connected, and nobody is signed up."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: an invitation's own page signs people up."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        is_sign_in = sociallogin.state.get("process") == "login"
        if not (is_sign_in and sociallogin.is_existing and self.is_asserted(sociallogin)):
            messages.error(request, UNKNOWN.format(name=settings.OIDC_NAME))
            raise ImmediateHttpResponse(redirect("account_login"))

    def is_asserted(self, sociallogin: Any) -> bool:
        """Whether the provider says, of this very person, that the account's address is theirs."""
        data = sociallogin.account.extra_data
        id_token, userinfo = data.get("id_token") or {}, data.get("userinfo") or {}
        if id_token.get("iss") != settings.OIDC_ISSUER:
            return False
        # What a second call tells counts only if it is about the same subject (OpenID Connect
        # Core, 5.3.2), and "false" is no yes.
        if userinfo.get("sub") != id_token.get("sub") or userinfo.get("email_verified") is not True:
            return False
        address, user = str(userinfo.get("email", "")), sociallogin.user
        return bool(user.is_active and user.email.lower() == address.lower() and user.is_proven)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        messages.error(request, f"{settings.OIDC_NAME} did not sign you in. Try again.")
        raise ImmediateHttpResponse(redirect("account_login"))
