"""Serializer fields that take JSON at its word: no number for a text, no text for a boolean."""

import re
import sys
import unicodedata
from collections.abc import Callable, Mapping, Set
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.core.validators import (
    EmailValidator,
    MaxLengthValidator,
    ProhibitNullCharactersValidator,
)
from django.utils import timezone
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from glozr.addresses import normalised, problem_of_address
from glozr.text import CONTROL_CHARACTERS, has_control_characters


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it doesn't know, so that a typing error is not silently ignored.

    Holds no state between calls of `run_validation`: one instance serves a process.
    """

    def run_validation(self, data: Any = serializers.empty) -> Any:
        taken = self._taken_at_sight(data) if self._by_sight else None
        return super().run_validation(data) if taken is None else taken

    def _taken_at_sight(self, data: Any) -> dict[str, Any] | None:
        """What a body comes to that is plainly right; None for one to be looked at closely."""
        if type(data) is not dict or not self._required <= data.keys():
            return None
        values = {}
        for name, value in data.items():
            take = self._by_sight.get(name)
            taken = take(value) if take else None
            if taken is None:
                return None
            values[name] = taken
        return values

    @cached_property
    def _by_sight(self) -> dict[str, Callable[[Any], Any]]:
        """How fields take values at sight; nothing where more is to be checked than fields."""
        is_plain = type(self).validate is serializers.Serializer.validate and not self.validators
        if not is_plain or any(_has_rules_beside(self, field) for field in self.fields.values()):
            return {}
        return {
            name: field.at_sight
            for name, field in self.fields.items()
            if isinstance(field, AtSight) and field.may_be_taken_at_sight()
        }

    @cached_property
    def _required(self) -> Set[str]:
        return {name for name, field in self.fields.items() if field.required}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping) and (unknown := data.keys() - self.fields.keys()):
            raise serializers.ValidationError(
                {
                    field: serializers.ErrorDetail(
                        "There is no such field. Leave it out.", "unknown_field"
                    )
                    for field in unknown
                }
            )
        values: dict[str, Any] = super().to_internal_value(data)
        return values


def _has_rules_beside(serializer: serializers.Serializer[Any], field: Any) -> bool:
    """Whether the field takes more than its own value, or leaves something where none is sent."""
    return (
        field.read_only
        or field.default is not serializers.empty
        or field.source != field.field_name
        or hasattr(serializer, f"validate_{field.field_name}")
    )


class AtSight:
    """A field that knows a right value when it sees one, without DRF's steps.

    It may take less than those would, never more, and comes to the same value.
    """

    VALIDATORS: ClassVar[Set[type]] = set()
    """What `at_sight` has in it."""
    validators: Any

    def may_be_taken_at_sight(self) -> bool:
        return {type(one) for one in self.validators} <= self.VALIDATORS

    def at_sight(self, value: Any) -> Any:
        """The value, or None to have it looked at closely."""


class StrictSerializerDescription(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Tells the API's readers of the refusal; the docstrings are for ours."""

    target_class = StrictSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        schema.pop("description", None)
        return {**schema, "additionalProperties": False}


class TextField(AtSight, serializers.CharField):
    """A string, kept as it is. Holds no control character unless it is `free`."""

    VALIDATORS = {
        MaxLengthValidator,
        ProhibitNullCharactersValidator,
        ProhibitSurrogateCharactersValidator,
    }
    default_error_messages = {
        "invalid": "This must be text.",
        "control_characters": CONTROL_CHARACTERS,
    }

    def __init__(self, *, free: bool = False, **kwargs: Any) -> None:
        self.free = free
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not self.free and not data.isprintable() and has_control_characters(data):
            self.fail("control_characters")
        return data

    def at_sight(self, value: Any) -> str | None:
        if type(value) is not str or not value or len(value) > (self.max_length or sys.maxsize):
            return None
        # What can be printed holds no control character, NUL or surrogate.
        return value if value.isprintable() or (self.free and _is_storable(value)) else None


def _is_storable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


class AddressValidator(EmailValidator):
    """Django's, which also takes letters of other alphabets before the @ (RFC 6531)."""

    user_regex = re.compile(
        EmailValidator.user_regex.pattern.replace("9A-Z]+", "9A-Z\u0080-\U0010ffff]+"),
        re.IGNORECASE,
    )


class EmailField(TextField):
    """An e-mail address, as `glozr.addresses` keeps it: blanks around it are none of it."""

    is_address = AddressValidator(message="This is no e-mail address. Type it as in a@b.example.")

    def may_be_taken_at_sight(self) -> bool:
        return False

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = unicodedata.normalize("NFC", super().to_internal_value(data.strip()))
        if problem := problem_of_address(text):
            code, detail = problem
            raise serializers.ValidationError(detail, code=code)
        address = normalised(text)
        self.is_address(address)
        return address


class UuidField(AtSight, serializers.UUIDField):
    """A UUID in its usual form, in letters of either case."""

    LENGTH = 36

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or len(data) != self.LENGTH:
            self.fail("invalid", value=data)
        try:
            return UUID(data)
        except ValueError:
            self.fail("invalid", value=data)

    def at_sight(self, value: Any) -> UUID | None:
        try:
            return UUID(value) if type(value) is str and len(value) == self.LENGTH else None
        except ValueError:
            return None


class BooleanField(AtSight, serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data

    def at_sight(self, value: Any) -> bool | None:
        return value if isinstance(value, bool) else None


class ChoiceField(AtSight, serializers.ChoiceField):
    def at_sight(self, value: Any) -> Any:
        return self.choice_strings_to_values.get(value) if type(value) is str else None


class WholeNumberField(serializers.IntegerField):
    """An integer: no text of digits, no 5.0, no true."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class InstantField(serializers.DateTimeField):
    """A time in ISO 8601, UTC if it names no offset."""

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="ISO 8601")
        try:
            return super().to_internal_value(value)
        except OverflowError:
            self.fail("overflow")


class PastField(InstantField):
    """At most five minutes ahead of our clock and seven days behind it."""

    AHEAD = timedelta(minutes=5)
    BEHIND = timedelta(days=7)
    default_error_messages = {
        "in_the_future": "This is more than five minutes ahead. Check the sender's clock.",
        "too_old": "This is more than seven days ago. Check the sender's clock.",
    }

    def to_internal_value(self, value: Any) -> Any:
        moment = super().to_internal_value(value)
        now = timezone.now()
        if moment > now + self.AHEAD:
            self.fail("in_the_future")
        if moment < now - self.BEHIND:
            self.fail("too_old")
        return moment
