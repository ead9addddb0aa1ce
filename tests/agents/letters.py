"""What people find in their mail: links, by address and in order."""

import re

from django.core import mail

LINK = re.compile(r"https?://[^/\s]+(/\S+)")


def links_to(address: str) -> list[str]:
    """The paths of the links that were mailed to this address, the newest last."""
    return [
        path
        for message in mail.outbox
        if address in message.to
        for path in LINK.findall(str(message.body))
    ]


def link_to(address: str) -> str:
    """The path of the newest link that this address got."""
    return links_to(address)[-1]
