"""Serializer fields that take JSON at its word: no number for a text, no text for a boolean."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.validators import EmailValidator
from django.utils import timezone
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers

from glozr.addresses import normalised, problem_of_address
from glozr.text import CONTROL_CHARACTERS, has_control_characters


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it doesn't know, so that a typing error is not silently ignored.

    Holds no state between calls of `run_validation`: one instance serves a process.
    """

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


class TextField(serializers.CharField):
    """A string, kept as it is. Holds no control character unless it is `free`."""

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


class AddressValidator(EmailValidator):
    """Django's, which also takes letters of other alphabets before the @ (RFC 6531)."""

    user_regex = re.compile(
        EmailValidator.user_regex.pattern.replace("9A-Z]+", "9A-Z\u0080-\U0010ffff]+"),
        re.IGNORECASE,
    )


class EmailField(TextField):
    """An e-mail address, as `glozr.addresses` keeps it: blanks around it are none of it."""

    is_address = AddressValidator(message="This is no e-mail address. Type it as in a@b.example.")

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


class UuidField(serializers.UUIDField):
    """A UUID in its usual form, in letters of either case."""

    LENGTH = 36

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or len(data) != self.LENGTH:
            self.fail("invalid", value=data)
        try:
            return UUID(data)
        except ValueError:
            self.fail("invalid", value=data)


class BooleanField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


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
