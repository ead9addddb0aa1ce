"""The shop's chat: asks Glozr who answers, answers, and has what was said recorded.

A real one gives `system_prompt` and the messages to its model. This one has no model: it says a few
sentences about trips in the name of the persona, so that one sees whose turn it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from experiments.demo.shop.glozr_client import Client, Told

_OWN_PERSONA: Final = {"name": "Max", "tone": "polite and thorough"}
"""The shop's copy of its agent's persona, for when Glozr does not answer in time."""
_ANSWERS: Final = (
    (("price", "cost", "much", "expensive"), "Our city trips begin at 390 euros a person."),
    (
        ("dog", "pet", "cat"),
        "Dogs are welcome in most of our hotels. I would check the flight.",
    ),
    (("lisbon", "porto", "portugal"), "Lisbon is at its best in May: four nights from 480 euros."),
    (("rome", "italy"), "For Rome I would take the train from Florence on the third day."),
    (("refund", "cancel", "complain"), "You can cancel up to 14 days before, free of charge."),
    (("hello", "hi", "hey"), "Hello! Where would you like to go?"),
)
_OTHERWISE: Final = "Tell me when you would like to travel, and I will look for what fits."


class NotTaken(Exception):
    """What the page sent can't be used, or Glozr refuses it; the message says why."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose page it is, and which conversation; the page makes both ids and keeps them."""

    visitor: str
    conversation: UUID
    preview: str | None = None

    @classmethod
    def read(cls, sent: Mapping[str, Any]) -> "Visit":
        preview = _text(sent, "preview") if sent.get("preview") else None
        return cls(_text(sent, "visitor"), _uuid(sent, "conversation"), preview)

    def beginning(self) -> dict[str, str]:
        """The part of a conversation's call that says whose it is."""
        return {"visitor_id": self.visitor, **({"preview": self.preview} if self.preview else {})}


class Chat:
    def __init__(self, glozr: Client) -> None:
        self.glozr = glozr

    def open(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """At a page's load: which variant, so that the page can apply what it says."""
        visit = Visit.read(sent)
        body = {**visit.beginning(), "conversation_id": str(visit.conversation)}
        told = self.glozr.resolve(body)
        return _shown(told, "assignments", told.body)

    def say(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """A turn: what the visitor says is recorded, which tells the persona that answers."""
        visit, text = Visit.read(sent), _text(sent, "text")
        body = {
            **visit.beginning(),
            "id": str(_uuid(sent, "id")),
            "role": "visitor",
            "content": text,
            "sent_at": _now(),
        }
        told = self.glozr.record(visit.conversation, body)
        shown = _shown(told, "messages", told.body.get("resolution") or {})
        reply = _reply(shown["persona"], text)
        self.glozr.keep(  # nobody waits for what the agent says to be recorded
            f"conversations/{visit.conversation}/messages/",
            {
                **visit.beginning(),
                "id": str(uuid4()),
                "role": "agent",
                "content": reply,
                "sent_at": _now(),
            },
        )
        return {**shown, "reply": reply}

    def leave(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """The contact details that a visitor leaves."""
        visit = Visit.read(sent)
        body = {"visitor_id": visit.visitor, "email": _text(sent, "email")}
        told = self.glozr.leave(body)
        return _shown(told, "leads", {})


def _shown(told: Told, call: str, resolution: Mapping[str, Any]) -> dict[str, Any]:
    """What the page gets. Without an answer in time it goes on with the agent's own persona."""
    if told.is_done and told.status not in (200, 201):
        raise NotTaken(told.body.get("detail", f"Glozr answered {told.status}."))
    return {
        "persona": resolution.get("persona") or _OWN_PERSONA,
        "variant": resolution.get("variant"),
        "experiment": resolution.get("experiment"),
        "source": resolution.get("source") if resolution else None,
        "system_prompt": resolution.get("system_prompt", ""),
        "is_own": not resolution and call != "leads",
        "call": {
            "name": call,
            "status": told.status,
            "attempts": told.attempts,
            "milliseconds": told.milliseconds,
        },
    }


def _reply(persona: Mapping[str, str], text: str) -> str:
    words = set(re.findall(r"\w+", text.lower()))
    said = next((reply for keys, reply in _ANSWERS if words.intersection(keys)), _OTHERWISE)
    if "warm" in persona.get("tone", ""):
        return f"Lovely that you ask! {said}"
    return f"Thank you for your question. {said}"


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not value.strip():
        raise NotTaken(f"The page sent no {name}.")
    return value


def _uuid(sent: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(_text(sent, name))
    except ValueError as error:
        raise NotTaken(f"The page sent a {name} that is no UUID.") from error
