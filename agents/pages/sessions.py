"""Where a person is signed in, for that person."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agents.pages.frame import PageRequest
from agents.people import sessions as services


@never_cache
@require_safe
def session_list(request: PageRequest) -> HttpResponse:
    found = services.sessions_of(request.user, current_key=request.session.session_key)
    return render(request, "account/sessions.html", {"sessions": found})


@require_POST
def session_end(request: PageRequest, session_id: str) -> HttpResponse:
    """Sign out of one; of the one that asks as well."""
    ended = services.end_session(request.user, session_id, current_key=request.session.session_key)
    if ended.is_current:
        logout(request)
        return redirect("account_login")
    messages.success(request, f"{ended.browser} is signed out.")
    return redirect("session_list")


@require_POST
def session_end_all(request: PageRequest) -> HttpResponse:
    """Sign out everywhere, or with `keep` everywhere else."""
    if request.POST.get("keep"):
        ended = services.end_sessions(request.user, except_key=request.session.session_key)
        told = f"Signed out of {ended} other session{'s' if ended != 1 else ''}."
        messages.success(request, told)
        return redirect("session_list")
    services.end_sessions(request.user)
    logout(request)
    return redirect("account_login")
