"""Sign-ins that lie some time back, and the page that then asks again who it is."""

import re
from html import unescape
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def age_proof(client: Client, *, minutes: float = 11) -> None:
    """As if whoever is signed in had done so, and proven nothing since, `minutes` ago."""
    session = client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= minutes * 60
    session.save()


def press(client: Client, page: Any, **proof: str) -> Any:
    """Send the form of the page that asks, with a proof."""
    text = page.content.decode()
    sent: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(text):
        sent.setdefault(name, []).append(unescape(value))
    [address] = re.findall(r'<form class="form" method="post" action="([^"]+)"', text)
    return client.post(address, {**sent, **proof})
