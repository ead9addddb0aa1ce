"""What lists of conversations and leads are narrowed to, as a program says it in the address."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter

from agents.models import Agent, LeadStatus
from experiments.models import Variant
from experiments.visitors import activity
from experiments.visitors.activity import FIRST_DAY, LAST_DAY, Wanted
from glozr.errors import FieldError, Invalid
from glozr.ids import uuid_or_none
from glozr.text import EMAIL_LENGTH
from glozr.zones import zone

WHOLE_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DAY_OR_INSTANT = (
    "Write a day as 2025-11-24, or an instant as 2025-11-24T09:30:00Z, from 2000 to 2099."
)
ID_OR_EMPTY = {
    "type": "string",
    "pattern": "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$",
}

_SHARED = [
    OpenApiParameter("experiment", ID_OR_EMPTY, description="The id of one: those of its variants"),
    OpenApiParameter("variant", ID_OR_EMPTY, description="The id of one"),
    OpenApiParameter(
        "since",
        str,
        description="A day such as 2025-11-24, which begins in the workspace's time zone, or an "
        "instant in ISO 8601.",
    ),
    OpenApiParameter(
        "until", str, description="A day, to its end, or an instant, which is left out."
    ),
]
LEAD_FILTERS = [
    *_SHARED,
    OpenApiParameter("status", str, enum=["", *LeadStatus.values], description="Empty for any"),
    OpenApiParameter("search", str, description="An e-mail address, or how a visitor's id begins"),
]
CONVERSATION_FILTERS = [
    *_SHARED,
    OpenApiParameter("search", str, description="How a visitor's id begins"),
    OpenApiParameter(
        "playground",
        str,
        enum=["", "true", "false"],
        description="Whether to include try-outs by the team",
    ),
]


def wanted_leads(agent: Agent, asked: Mapping[str, str]) -> Wanted:
    """
    Raises:
        Invalid: with every filter that can't be read.
    """
    reader = _Reader(agent, asked)
    status = asked.get("status", "")
    if status and status not in LeadStatus.values:
        reader.refuse("status", "invalid_choice", f"Choose one of {', '.join(LeadStatus)}.")
    return reader.wanted(status=status)


def wanted_conversations(agent: Agent, asked: Mapping[str, str]) -> Wanted:
    """
    Raises:
        Invalid: with every filter that can't be read.
    """
    reader = _Reader(agent, asked)
    playground = asked.get("playground", "")
    if playground not in ("", "true", "false"):
        reader.refuse("playground", "invalid", "Send true or false.")
    return reader.wanted(playground=playground == "true")


class _Reader:
    def __init__(self, agent: Agent, asked: Mapping[str, str]) -> None:
        self.agent = agent
        self.asked = asked
        self.errors: list[FieldError] = []

    def refuse(self, field: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(field, code, detail))

    def wanted(self, **more: Any) -> Wanted:
        since, until = self.moment("since"), self.moment("until", days=1)
        if since and until and until < since:
            self.refuse("until", "before_since", "This is before since. Swap them.")
        wanted = Wanted(arms=self.arms(), since=since, until=until, search=self.search(), **more)
        if self.errors:
            raise Invalid(self.errors)
        return wanted

    def arms(self) -> list[Variant]:
        """Those of the variant or experiment that is asked for; none for any."""
        variant, experiment = self.asked.get("variant", ""), self.asked.get("experiment", "")
        if not variant and not experiment:
            return []
        including = uuid_or_none(variant or experiment)
        arms = activity.arms_of(self.agent, including=including) if including else []
        found = [
            arm
            for arm in arms
            if (not variant or arm.pk == including)
            and (not experiment or arm.experiment_id == uuid_or_none(experiment))
        ]
        if not found:
            field = "variant" if variant else "experiment"
            self.refuse(field, "invalid_choice", f"This agent has no such {field}.")
        return found

    def search(self) -> str:
        text = self.asked.get("search", "").strip()
        if "\0" in text:
            self.refuse("search", "control_characters", "Remove the control characters.")
        elif len(text) > EMAIL_LENGTH:
            self.refuse("search", "max_length", f"Use at most {EMAIL_LENGTH} characters.")
        return text

    def moment(self, field: str, *, days: int = 0) -> datetime | None:
        """A day's midnight, so many days later, or the instant."""
        text = self.asked.get(field, "")
        if not text:
            return None
        try:
            moment = (
                self.midnight(text, days) if WHOLE_DAY.fullmatch(text) else parse_datetime(text)
            )
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.refuse(field, "invalid", DAY_OR_INSTANT)
            return None
        if not FIRST_DAY <= moment.date() <= LAST_DAY:
            self.refuse(field, "invalid", DAY_OR_INSTANT)
            return None
        return moment

    def midnight(self, text: str, days: int) -> datetime:
        day = date.fromisoformat(text)
        if day > LAST_DAY:
            raise ValueError(text)
        in_zone: ZoneInfo = zone(self.agent.workspace.time_zone)
        return datetime.combine(day + timedelta(days=days), time.min, tzinfo=in_zone)
