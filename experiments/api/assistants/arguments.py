"""Arguments of tools: how they are described to an assistant, and checked when they come."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from glozr.errors import FieldError, Invalid

Described = Mapping[str, Any]

AN_ID: Final[Described] = {"type": "string", "format": "uuid"}
A_TEXT: Final[Described] = {"type": "string"}
A_NUMBER: Final[Described] = {"type": "number"}
A_WHOLE: Final[Described] = {"type": "integer"}

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "array": (list,),
}


def schema_of(given: Mapping[str, Described], required: frozenset[str]) -> dict[str, Any]:
    """JSON Schema of an object of these, and of nothing else."""
    return {
        "type": "object",
        "properties": dict(given),
        "required": [name for name in given if name in required],
        "additionalProperties": False,
    }


def checked_arguments(
    sent: Mapping[str, Any], given: Mapping[str, Described], required: frozenset[str]
) -> dict[str, Any]:
    """What was sent, ids as UUIDs.

    Raises:
        Invalid: with every argument that is unknown, missing or of another type.
    """
    errors = [
        FieldError(name, "unknown_field", "There is no such argument. Leave it out.")
        for name in sorted(sent.keys() - given.keys())
    ]
    errors += [
        FieldError(name, "required", "This is needed.") for name in sorted(required - sent.keys())
    ]
    read: dict[str, Any] = {}
    for name in sent.keys() & given.keys():
        try:
            read[name] = _read(sent[name], given[name])
        except ValueError as error:
            errors.append(FieldError(name, "invalid", str(error)))
    if errors:
        raise Invalid(errors)
    return read


def _read(value: Any, described: Described) -> Any:
    kind = described["type"]
    if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
        raise ValueError(f"This must be of the type {kind}.")
    if described.get("format") == "uuid":
        try:
            return UUID(str(value))
        except ValueError:
            raise ValueError("This must be a UUID.") from None
    return value
