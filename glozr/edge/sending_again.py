"""What somebody typed, kept on a page that must come between them and what they sent."""

from typing import Any

from django.http import HttpRequest

NOT_KEPT = ("csrfmiddlewaretoken", "proof_")


def sent_again(request: HttpRequest) -> dict[str, Any]:
    """What `includes/send_typed.html` needs: the address and what was sent to it, in order."""
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        if not name.startswith(NOT_KEPT) and "password" not in name.lower()
        for value in values
    ]
    return {"address": request.get_full_path(), "sent": sent}
