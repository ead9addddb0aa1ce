"""For pages, and for calls of the API without a token."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string

from glozr.edge.api_errors import body_of
from glozr.edge.client_address import client_address
from glozr.errors import TooSoon
from glozr.inputs.limits import API
from glozr.rates.limits import REQUESTS_OF_ADDRESS, count_address


class AddressRate:
    """Middleware: refuses who asks too often, before a session is looked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_AUTHORIZATION" not in request.META:
            try:
                count_address(REQUESTS_OF_ADDRESS, client_address(request.META))
            except TooSoon as error:
                return _refused(request, error)
        return self.get_response(request)


def _refused(request: HttpRequest, error: TooSoon) -> HttpResponse:
    status = HTTPStatus.TOO_MANY_REQUESTS
    headers = {"Retry-After": str(error.seconds)}
    if request.path_info.startswith(API):
        return JsonResponse(body_of(error), status=status, headers=headers)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(
            error.detail, status=status, headers=headers, content_type="text/plain; charset=utf-8"
        )
    page = render_to_string("too_many_requests.html", {"detail": error.detail})
    return HttpResponse(page, status=status, headers=headers)
