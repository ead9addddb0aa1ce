"""An invitation, as whoever holds its link sees it."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.models import Invitation, User
from agents.pages import frame
from agents.pages.forms import SignUpForm
from agents.people import invitations
from glozr.errors import Invalid


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Join when signed in with the invited address; else sign in, or sign up here."""
    found = invitations.find(secret)
    if isinstance(request.user, User):
        return _join(request, found, secret, request.user)
    if User.objects.filter(email__iexact=found.email).exists():
        return _page(request, "agents/people/invitation_sign_in.html", found)
    return _sign_up(request, found, secret)


def _join(request: HttpRequest, found: Invitation, secret: str, user: User) -> HttpResponse:
    if request.method == "POST":
        membership = invitations.accept(secret, user=user)
        frame.remember(request, membership.workspace)
        messages.success(request, f"Welcome to {membership.workspace}.")
        return redirect("agent_list")
    template = "join" if user.email.lower() == found.email.lower() else "other"
    return _page(request, f"agents/people/invitation_{template}.html", found)


def _sign_up(request: HttpRequest, found: Invitation, secret: str) -> HttpResponse:
    form = SignUpForm(frame.posted(request))
    if form.is_valid():
        try:
            user = invitations.sign_up(secret, **form.cleaned_data)
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            messages.success(request, f"Welcome to {found.workspace}.")
            return redirect("agent_list")
    return _page(request, "agents/people/invitation_sign_up.html", found, form=form)


def _page(
    request: HttpRequest, template: str, found: Invitation, form: SignUpForm | None = None
) -> HttpResponse:
    return frame.page(request, template, {"invitation": found, "form": form})
