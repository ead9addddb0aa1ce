"""An invitation, as whoever holds its link sees it, and the link that only its mail holds."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.models import Invitation, User
from agents.pages import frame
from agents.pages.forms import SignUpForm
from agents.people import invitations
from glozr.errors import Conflict, Invalid


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """The link that whoever invites sees. It proves nothing: who is signed in to the address's
    proven account may join, and for anybody else the mail can be sent again."""
    found = invitations.find(secret)
    if (user := _visitor(request, found)) is not None:
        return _join(request, found, secret, user)
    if request.method != "POST":
        return _page(request, "agents/people/invitation_mailed.html", found)
    try:
        invitations.mail_again(found, link=mailed_link(request, found, secret))
    except Conflict as conflict:
        messages.error(request, conflict.detail)
    else:
        messages.success(request, f"The link is on its way to {found.email}.")
    return redirect("invitation", secret)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_mailed(request: HttpRequest, secret: str, proof: str) -> HttpResponse:
    """The mailed link: join when signed in with the invited address; else sign in, or sign up."""
    found = invitations.find_mailed(secret, proof)
    if (user := _visitor(request, found)) is not None:
        return _join(request, found, secret, user)
    if User.objects.with_address(found.email).proven().exists():
        return _page(request, "agents/people/invitation_sign_in.html", found)
    return _sign_up(request, found, secret, proof)


def mailed_link(request: HttpRequest, found: Invitation, secret: str) -> str:
    """The link for the mail and for nothing else."""
    address = reverse("invitation_mailed", args=[secret, invitations.proof_of(found)])
    return request.build_absolute_uri(address)


def _visitor(request: HttpRequest, found: Invitation) -> User | None:
    """Who is signed in; nobody, if it is to the invited address's account and unproven."""
    user = request.user
    if not isinstance(user, User):
        return None
    return user if user.is_proven or not invitations.is_for(found, user) else None


def _join(request: HttpRequest, found: Invitation, secret: str, user: User) -> HttpResponse:
    if request.method == "POST":
        membership = invitations.accept(secret, user=user)
        frame.remember(request, membership.workspace)
        messages.success(request, f"Welcome to {membership.workspace}.")
        return redirect("agent_list")
    template = "join" if invitations.is_for(found, user) else "other"
    return _page(request, f"agents/people/invitation_{template}.html", found)


def _sign_up(request: HttpRequest, found: Invitation, secret: str, proof: str) -> HttpResponse:
    form = SignUpForm(frame.posted(request))
    if form.is_valid():
        try:
            user = invitations.sign_up(secret, proof=proof, **form.cleaned_data)
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            frame.remember(request, found.workspace)
            messages.success(request, f"Welcome to {found.workspace}.")
            return redirect("agent_list")
    return _page(request, "agents/people/invitation_sign_up.html", found, form=form)


def _page(
    request: HttpRequest, template: str, found: Invitation, form: SignUpForm | None = None
) -> HttpResponse:
    return frame.page(request, template, {"invitation": found, "form": form})
