"""Where to report a weakness of this installation (RFC 9116)."""

import re
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from glozr.outputs.instants import written

GOOD_FOR = timedelta(days=90)
"""What is read today may be relied on so long; the RFC asks for less than a year."""


def contact_of(text: str) -> str | None:
    """The URI that the setting means: an address, `mailto:`, `tel:` or `https://`."""
    contact = text.strip()
    if re.fullmatch(r"(?:mailto:|tel:|https://)[!-~]+", contact):
        return contact
    try:
        validate_email(contact)
    except ValidationError:
        return None
    return f"mailto:{contact}"


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    contact = contact_of(settings.SECURITY_CONTACT)
    if contact is None:
        raise Http404
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {contact}",
        f"Expires: {written(today + GOOD_FOR)}",
        "Preferred-Languages: en",
        f"Canonical: {request.build_absolute_uri(request.path)}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
