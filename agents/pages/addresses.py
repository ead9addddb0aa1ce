"""The link that tells a former e-mail address of a change, and takes the change back."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.pages import frame
from agents.people import addresses
from agents.people.recovery import new_password_url


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address_undo(request: HttpRequest, undo_secret: str) -> HttpResponse:
    """Asks first; then the old address is back, and its owner chooses a password."""
    change = addresses.find_change(undo_secret)
    if request.method != "POST":
        return frame.page(request, "agents/people/address_undo.html", {"change": change})
    user = addresses.undo_change(undo_secret)
    logout(request)
    messages.success(request, f"{user.email} is your address again. Choose a new password.")
    return redirect(new_password_url(user))
