"""Who the demo's agents are, and what is tried on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from experiments.models import Design, Kind


@dataclass(frozen=True, slots=True)
class Trade:
    """`key` names its scripts."""

    key: str
    name: str
    persona: Mapping[str, str]
    prompt: str


def of_personas(*personas: Mapping[str, str]) -> list[dict[str, Any]]:
    """Variants, half each, called as who they are but for the control."""
    return [
        {
            "name": "control" if place == 0 else persona["name"],
            "weight": 50,
            "config": {"persona": dict(persona)},
        }
        for place, persona in enumerate(personas)
    ]


MAX: Final = {"name": "Max", "tone": "polite and thorough"}
ARIA: Final = {"name": "Aria", "tone": "warm and concise"}
MIA: Final = {"name": "Mia", "tone": "calm, exact and brief"}
NORA: Final = {"name": "Nora", "tone": "gentle and reassuring, never in a hurry"}
FINN: Final = {"name": "Finn", "tone": "as few words as possible"}
LENA: Final = {"name": "Lena", "tone": "curious and friendly; asks back before she recommends"}
THEO: Final = {"name": "Theo", "tone": "factual and brief"}

TRAVEL = Trade(
    "travel",
    "Northwind Travel",
    MAX,
    "You help visitors of Northwind Travel to find and book a trip. When a visitor shows "
    "interest in a destination, offer to send an itinerary and ask for an e-mail address.",
)
DENTAL = Trade(
    "dental",
    "Seefeld Dental",
    MIA,
    "You answer for a dental practice in Zurich: opening hours, prices, appointments. Give no "
    "diagnosis. With swelling, fever or pain in the chest say when to call an emergency number.",
)
BIKES = Trade(
    "bikes",
    "Cedar & Chain Bicycles",
    FINN,
    "You advise on bicycles, sizes and repairs, and invite to a test ride on Saturdays from 10 to "
    "4. Whoever wants one leaves an e-mail address.",
)
LEDGER = Trade(
    "ledger",
    "Ledgerwell support",
    THEO,
    "You help customers and visitors of Ledgerwell, an accounting program for small companies. "
    "Never say what a booking ought to be for tax; name the page of the manual.",
)

WELCOME_OFFER: Final[Mapping[str, Any]] = {
    "name": "Welcome offer in the first reply",
    "kind": Kind.CTA.value,
    "hypothesis": "An offer in the first reply makes more visitors leave an address.",
    "variants": [
        {"name": "control", "weight": 50, "config": {}},
        {"name": "offer", "weight": 50, "config": {"text": "Get 10% off your first trip"}},
    ],
}
ARIA_OR_MAX: Final[Mapping[str, Any]] = {
    "name": "Aria or Max",
    "kind": Kind.PERSONA.value,
    "hypothesis": "A warmer persona keeps visitors talking, so more of them leave an address.",
    "variants": of_personas(MAX, ARIA),
}
GREET_EARLY: Final[Mapping[str, Any]] = {
    "name": "Greet after ten seconds",
    "kind": Kind.TRIGGER.value,
    "hypothesis": "Greeting early starts more conversations without annoying anybody.",
    "variants": [
        {"name": "control", "weight": 1, "config": {"after_seconds": 30}},
        {"name": "early", "weight": 1, "config": {"after_seconds": 10}},
    ],
}
GENTLE: Final[Mapping[str, Any]] = {
    "name": "Gentle or exact",
    "kind": Kind.PERSONA.value,
    "hypothesis": "Many who write are afraid of the treatment. A gentle voice makes more of them "
    "leave their address for an appointment.",
    "variants": of_personas(MIA, NORA),
    "design": Design.PLANNED.value,
    "planned_lift": 0.35,
    "most_looks": 5,
    "expected_value": 0.25,
    "expected_weekly": 300,
}
ASK_BACK: Final[Mapping[str, Any]] = {
    "name": "Ask back before recommending",
    "kind": Kind.PERSONA.value,
    "hypothesis": "Who is asked about the way to work trusts the advice and comes to ride.",
    "variants": of_personas(FINN, LENA),
}
CHECK_UP: Final[Mapping[str, Any]] = {
    "name": "Free check-up in the chat",
    "kind": Kind.CTA.value,
    "hypothesis": "A free check-up is a smaller step than a test ride.",
    "variants": [
        {"name": "control", "weight": 50, "config": {"text": "Book a test ride"}},
        {"name": "check-up", "weight": 50, "config": {"text": "Have your bike checked for free"}},
    ],
}
EXPLAIN: Final[Mapping[str, Any]] = {
    "name": "Explain or point to the manual",
    "kind": Kind.PERSONA.value,
    "hypothesis": "Who gets the steps explained in the chat asks for an offer more often.",
    "variants": of_personas(THEO, {"name": "Theo", "tone": "patient; explains step by step"}),
}
LEAVING: Final[Mapping[str, Any]] = {
    "name": "Ask when somebody leaves the pricing page",
    "kind": Kind.TRIGGER.value,
    "hypothesis": "A question at the right moment brings more trials than a greeting for all.",
    "variants": [
        {"name": "control", "weight": 1, "config": {"after_seconds": 60}},
        {"name": "leaving", "weight": 1, "config": {"page": "/pricing", "on_leaving": True}},
    ],
}
