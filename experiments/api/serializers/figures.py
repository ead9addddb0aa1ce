"""What the serializers of results are made of, and those of what visitors were told.

Their docstrings and help texts are published.
"""

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from experiments.results.prompts import MOST_COUNTED


# Does what its base does, for attributes only, in a quarter of the time: with ten variants and two
# months there are 30,000 of them. What is None stays None.
class FiguresSerializer(serializers.Serializer[Any]):
    @cached_property
    def _members(self) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
        return [
            (name, _itself if field.source == "*" else attrgetter(field.source or name), write)
            for name, field in self.fields.items()
            for write in [field.to_representation]
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {
            name: None if (value := read(instance)) is None else write(value)
            for name, read, write in self._members
        }


def _itself(instance: Any) -> Any:
    return instance


# Without a format, generated clients may read it into 32 bits.
@extend_schema_field({"type": "integer", "format": "int64", "minimum": 0})
class CountField(serializers.IntegerField):
    pass


class PromptCountSerializer(FiguresSerializer):
    """How many conversations of a variant got its prompt at a revision of the agent. One that an
    urgent edit reached counts for both prompts that it got."""

    revision = serializers.IntegerField(
        allow_null=True,
        help_text="Of the agent. Null for conversations of a release that noted none.",
    )
    prompt_digests = serializers.ListField(
        source="digests",
        child=serializers.CharField(),
        help_text="SHA-256 of the system prompt, hexadecimal. More than one where its built-in "
        "part was worded anew while conversations of the revision went on.",
    )
    conversations = CountField(help_text=f"Counting stops at {MOST_COUNTED:,}.")


class EditMeanwhileSerializer(FiguresSerializer):
    """An edit of the agent while the experiment ran: visitors before and after it met different
    agents, alike in every variant."""

    edited_at = serializers.DateTimeField()
    revision = serializers.IntegerField(help_text="The one that it made.")
    is_urgent = serializers.BooleanField(help_text="Whether it reached conversations under way.")
