"""What django-allauth and Django's own sign-in ask of the services on people."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from agents.mail import allowance, outbox
from agents.models import User
from agents.people import addresses, attempts, known_browsers
from agents.people.attempts import Origin, Turn
from agents.people.recovery import new_password_url
from glozr.edge.client_address import client_address

COUNTED = frozenset({"email_confirmation", "email_confirmation_signup"})
"""Mail that somebody can ask for again and again, to an address that need not be theirs."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    _turn: Turn | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never by oneself: an invitation's own page signs people up."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What is asked for too often is left out without a word, and the answer is the same."""
        purpose = _purpose_of(template_prefix)
        with transaction.atomic():
            if purpose in COUNTED and allowance.shortage(
                purpose=purpose, recipient=email, requested_by=self._person()
            ):
                return
            super().send_mail(template_prefix, email, context)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        message = super().render_mail(template_prefix, email, context, headers)
        purpose = _purpose_of(template_prefix)
        requested_by = self._person() if purpose in COUNTED else None
        return outbox.labelled(message, outbox.Label(purpose, requested_by=requested_by))

    def _person(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Somebody has opened the link that was mailed to this address."""
        old = email_address.user.email
        by = request.user if isinstance(request.user, User) else None
        user, secret = addresses.confirm(email_address, by=by, session=request.session.session_key)
        email_address.verified = True
        email_address.user = user
        if secret:
            link = request.build_absolute_uri(reverse("address_undo", args=[secret]))
            addresses.tell_old_address(old, user=user, link=link)
        messages.success(request, f"{user.email} is confirmed.")
        return True

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """To a new password, if the first proof of the address took the old one away."""
        user = email_address.user
        if email_address.verified and not user.has_usable_password():
            return new_password_url(user)
        return str(super().get_email_verification_redirect_url(email_address))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Instead of allauth's own count, by which anybody can lock anybody else out."""
        email = str(credentials.get("email") or "")
        self._turn = attempts.password_turn(email, origin_of(request, email))

    def _rollback_login_failed_rl_usage(self) -> None:
        if self._turn:
            attempts.give_back(self._turn)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember_browser(request, response, user)
        return response


def _purpose_of(template_prefix: str) -> str:
    return template_prefix.rpartition("/")[2]


def origin_of(request: HttpRequest, email: str) -> Origin:
    """Where the request comes from, as attempts for `email` are counted."""
    network = attempts.network_of(client_address(request.META) or "")
    browser = known_browsers.browser_of(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE))
    user = User.objects.with_address(email).first() if browser else None
    is_known = browser and user and browser.knows(user)
    return Origin(network, browser.id if browser and is_known else "")


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Have the browser be known from now on as one that signed in to this account."""
    known = known_browsers.browser_of(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE))
    browser = (known or known_browsers.new_browser()).with_account(user)
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE,
        browser.signed(),
        max_age=known_browsers.KEPT_FOR,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
