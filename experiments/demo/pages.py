"""The demo's way in, one button a role, without a password, and to its shop. Nothing is there
otherwise."""

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from agents.models import User
from experiments.demo import seeding


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    role = request.POST.get("role")
    emails = [one.email for one in seeding.SIGN_INS if one.role == role]
    user = User.objects.proven().filter(email__in=emails, is_active=True).first()
    if user is None:
        raise Http404
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(_wanted(request) or settings.LOGIN_REDIRECT_URL)


@login_not_required
@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    """To the demo's shop, which `make run` serves at a port of its own, as a customer's site is."""
    if not settings.DEMO_SHOP_PORT:
        raise Http404
    host = request.get_host().rpartition(":")[0] or request.get_host()
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"http://{host}:{settings.DEMO_SHOP_PORT}/{'?' if query else ''}{query}")


def _wanted(request: HttpRequest) -> str:
    """The page of ours that they came for, if any."""
    url = request.POST.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if is_ours else ""
