"""Forms as browsers send them: url-encoded. Django's test client would send multipart, which is
for files, and refused."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.test import Client

FORM = "application/x-www-form-urlencoded"

_post = Client.post
on_post: list[Callable[[object], None]] = []
"""Who wants to see each form before it is sent."""


def post_as_browsers_do(
    client: Client, path: str, data: Any = None, content_type: str = FORM, **options: Any
) -> HttpResponseBase:
    for look in on_post:
        look(data)
    if content_type == FORM and (data is None or isinstance(data, Mapping)):
        data = urlencode(data or {}, doseq=True)
    return _post(client, path, data, content_type, **options)
