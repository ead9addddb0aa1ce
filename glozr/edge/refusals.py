"""What services refuse, as pages for people. `api_errors` is the same for programs."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.csrf import REASON_BAD_ORIGIN
from django.shortcuts import render

from glozr.edge import proof
from glozr.edge.api_errors import status_of
from glozr.edge.sending_again import sent_again
from glozr.errors import (
    DomainError,
    NotSignedIn,
    OutOfDate,
    ProofNeeded,
    SecondFactorNeeded,
    TooSoon,
)

SIGNED_OUT = "You have been signed out. Sign in again in another tab, then repeat this here."
NOT_THIS_WAY = (
    "What was asked for at this address can't be had that way: it may be where a form is sent, "
    "opened as a link. Nothing was changed. Go back and use the button or the link there."
)
SEEN = ("/addresses/", "/app/", "/demo/", "/invitations/")
"""Where the pages of ours are that people come to by an address."""
TITLE: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "That can't be read",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED: "There is no page here",
    HTTPStatus.CONFLICT: "That can't be done now",
    HTTPStatus.TOO_MANY_REQUESTS: "Wait a moment",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available for a moment",
}

PAGES: Mapping[type[DomainError], str] = {
    SecondFactorNeeded: "account/second_factor_needed.html",
    TooSoon: "account/too_soon.html",
}
"""Refusals that say more than their sentence: where to go on."""


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """`error` as a page, or as plain text for a part of a page."""
    if isinstance(error, NotSignedIn):
        if is_part(request):  # a redirect would put the sign-in page into the middle of this one
            return _refused(request, HTTPStatus.UNAUTHORIZED, SIGNED_OUT)
        return redirect_to_login(request.get_full_path())
    if isinstance(error, ProofNeeded) and not is_part(request):
        return proof.ask(request)
    # A person sees what changed meanwhile, and no header that could have been out of date.
    is_outdated = isinstance(error, OutOfDate)
    status = HTTPStatus.CONFLICT if is_outdated else HTTPStatus(status_of(error))
    page = _refused(request, status, error.detail, error)
    if isinstance(error, TooSoon):
        page["Retry-After"] = str(error.seconds)
    return page


class SignInRequired(LoginRequiredMiddleware):
    """Leads who is not signed in to the sign-in page; what they sent is kept to be sent again."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[Any, Any],
    ) -> HttpResponseBase | None:
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        if refused is not None and is_part(request):
            return refusal(request, NotSignedIn())
        if refused is not None and request.method == "POST":
            return render(
                request, "signed_out.html", sent_again(request), status=HTTPStatus.UNAUTHORIZED
            )
        return refused


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's view for a form without a token that holds, such as one from before signing in.

    What was sent is offered again only if the browser says that a page of ours sent it: one press
    must not be all that is between a stranger's page and what its form asks for.
    """
    origin = request.headers.get("Origin")
    is_ours = origin is not None and reason != REASON_BAD_ORIGIN % origin
    context = sent_again(request) if is_ours else {}
    return render(request, "403_csrf.html", context, status=HTTPStatus.FORBIDDEN)


def is_part(request: HttpRequest) -> bool:
    """Whether the answer goes into a page that is open."""
    return bool(getattr(request, "htmx", False))


def is_seen(request: HttpRequest) -> bool:
    """Whether a person looks at the answer, not a program or a script of a page."""
    return request.path_info.startswith(SEEN) and not is_part(request)


def explained(request: HttpRequest, refused: HttpResponseNotAllowed) -> HttpResponse:
    """`refused`, which says nothing to a person, as a page."""
    page = _refused(request, HTTPStatus.METHOD_NOT_ALLOWED, NOT_THIS_WAY)
    page["Allow"] = refused["Allow"]
    return page


def refusals(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: what services refuse becomes a page, whichever view it was."""

    class Refusals:
        def __call__(self, request: HttpRequest) -> HttpResponseBase:
            response = get_response(request)
            if isinstance(response, HttpResponseNotAllowed) and is_seen(request):
                return explained(request, response)
            return response

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            return refusal(request, error) if isinstance(error, DomainError) else None

    return Refusals()


def _refused(
    request: HttpRequest, status: HTTPStatus, detail: str, error: DomainError | None = None
) -> HttpResponse:
    """`detail` as a page, or as plain text for a part of a page."""
    if is_part(request):
        return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8")
    context = {"heading": TITLE[status], "detail": detail, "error": error}
    template = PAGES.get(type(error), "refusal.html") if error else "refusal.html"
    return render(request, template, context, status=status)
