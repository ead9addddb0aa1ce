"""The demo's way in: one button a role, without a password. Nothing is there otherwise."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from agents.models import User
from experiments import demo


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    role = request.POST.get("role")
    emails = [one.email for one in demo.SIGN_INS if one.role == role]
    user = User.objects.filter(email__in=emails, is_active=True).first()
    if user is None:
        raise Http404
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(settings.LOGIN_REDIRECT_URL)
