"""Asked again before what can't be undone: who a session belongs to is proven anew.

A sign-in is a proof, and a password, code, key or mailed code typed since. One is good for
`ACCOUNT_REAUTHENTICATION_TIMEOUT` seconds; the record is django-allauth's, so that its own pages
and ours ask only once. `require` raises, and `refusals` shows the page where the proof is given:
what was typed before stays in it and is sent again together with the proof, to the same address,
where `ProofSent` reads it before the view is called.
"""

import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.crypto import constant_time_compare

from glozr.edge.sending_again import sent_again
from glozr.errors import ProofNeeded, TooSoon
from glozr.inputs.limits import API

_PREFIX = "proof_"
_CODE, _PASSWORD, _KEY, _BY = (
    f"{_PREFIX}code",
    f"{_PREFIX}password",
    f"{_PREFIX}key",
    f"{_PREFIX}by",
)
_MAILED = "proof_mailed"
"""Where the session keeps what was mailed."""
_CODE_GOOD_FOR, _MAILS_APART, _TRIES = 900, 60, 5
ASKED_BY_ADDRESS = frozenset(
    {
        "account_email",
        "mfa_add_webauthn",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_edit_webauthn",
        "mfa_generate_recovery_codes",
        "mfa_remove_webauthn",
    }
)
"""Pages of django-allauth that change how one signs in: it asks only whoever has a password."""


def is_recent(request: HttpRequest) -> bool:
    """Whether who is signed in has proven it within the last 10 minutes."""
    records = get_authentication_records(request, request.user)
    proofs = [record["at"] for record in records if record.get("reauthenticated")]
    return bool(proofs) and time.time() - proofs[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def require(request: HttpRequest) -> None:
    """Refuse what the request asks for until it has been proven who asks.

    Raises:
        ProofNeeded: the last proof is too old.
    """
    if not is_recent(request):
        raise ProofNeeded


class ProofSent:
    """Reads the proof that came with a form, and leaves the rest of the form to its view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        if request.method != "POST" or request.path_info.startswith(API):
            return None
        if not request.user.is_authenticated:
            return None
        if any(name.startswith(_PREFIX) for name in request.POST):
            try:
                problem = "" if is_recent(request) else _problem_of(request)
            except TooSoon as error:
                page = ask(request, error.detail)
                page.status_code = HTTPStatus.TOO_MANY_REQUESTS
                page["Retry-After"] = str(error.seconds)
                return page
            if problem:
                return ask(request, problem)
            _leave_the_rest(request)
        match = request.resolver_match
        if match and match.view_name in ASKED_BY_ADDRESS and not is_recent(request):
            return ask(request)
        return None


def ask(request: HttpRequest, problem: str = "") -> HttpResponse:
    """The page that asks for the proof, and keeps what was typed."""
    user: Any = request.user
    kinds = _kinds_of(user)
    context = {
        **sent_again(request),
        "problem": problem,
        "has_password": user.has_usable_password(),
        "has_app": "totp" in kinds,
        "key_options": _key_options(user) if "webauthn" in kinds else None,
        "by_mail": _is_by_mail(user, kinds),
        "is_mailed": _MAILED in request.session,
        "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
    }
    return render(request, "proof.html", context, status=HTTPStatus.FORBIDDEN)


def _problem_of(request: HttpRequest) -> str:
    """What is wrong with the proof that was sent; empty when it was a good one."""
    sent, user = request.POST, request.user
    if sent.get(_BY) == "mail":
        return _mail_code(request)
    if sent.get(_BY) == "again":
        return f"You have not signed in again with {settings.OIDC_NAME} yet."
    try:
        if sent.get(_KEY):
            _check_key(user, sent[_KEY])
        elif sent.get(_PASSWORD):
            if not get_adapter().reauthenticate(user, sent[_PASSWORD]):
                return "That isn't your password."
            record_authentication(request, user, method="password", reauthenticated=True)
        elif sent.get(_CODE):
            return _problem_of_code(request, sent[_CODE].strip())
        else:
            return "Fill in one of these."
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _problem_of_code(request: HttpRequest, code: str) -> str:
    from allauth.mfa.base.forms import ReauthenticateForm  # needs the apps loaded

    if _MAILED in request.session:
        return _problem_of_mailed(request, code)
    form = ReauthenticateForm(data={"code": code}, user=request.user)
    if not form.is_valid():
        return " ".join(form.errors.get("code", ["That isn't the code."]))
    form.save()
    return ""


def _check_key(user: Any, answer: str) -> None:
    from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm

    form = ReauthenticateWebAuthnForm(data={"credential": answer}, user=user)
    if not form.is_valid():
        raise ValidationError("That isn't a passkey or security key of yours.")
    form.save()


def _key_options(user: Any) -> dict[str, Any]:
    from allauth.mfa.webauthn.internal import auth

    return {"request_options": auth.begin_authentication(user)}


def _kinds_of(user: Any) -> set[str]:
    from allauth.mfa.models import Authenticator

    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def _is_by_mail(user: Any, kinds: set[str]) -> bool:
    """Whether a mailed code is a proof: for who signs in without password or second factor."""
    return bool(not user.has_usable_password() and not kinds and user.is_proven)


def _mail_code(request: HttpRequest) -> str:
    """Mail a code. What it returns is for the page, which goes on asking."""
    user: Any = request.user
    if not _is_by_mail(user, _kinds_of(user)):
        return "A mailed code is no proof for this account."
    mailed = request.session.get(_MAILED)
    if mailed and time.time() - mailed["at"] < _MAILS_APART:
        return "We have just mailed you one. Another can be sent in a minute."
    code = f"{secrets.randbelow(10**8):08}"
    request.session[_MAILED] = {"code": code, "at": time.time(), "tries": _TRIES}
    get_adapter().send_mail("account/email/proof_code", user.email, {"code": code})
    return f"A code is on its way to {user.email}. Type it here."


def _problem_of_mailed(request: HttpRequest, code: str) -> str:
    mailed = request.session[_MAILED]
    if time.time() - mailed["at"] > _CODE_GOOD_FOR or mailed["tries"] < 1:
        del request.session[_MAILED]
        return "The code is too old. Have another mailed."
    if not constant_time_compare(code.replace(" ", ""), mailed["code"]):
        request.session[_MAILED] = {**mailed, "tries": mailed["tries"] - 1}
        return "That isn't the code that we mailed."
    del request.session[_MAILED]
    record_authentication(request, request.user, method="code", reauthenticated=True)
    return ""


def _leave_the_rest(request: HttpRequest) -> None:
    rest = request.POST.copy()
    for name in [name for name in rest if name.startswith(_PREFIX)]:
        del rest[name]
    rest._mutable = False
    request.POST = rest  # type: ignore[assignment]
