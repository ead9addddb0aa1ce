"""The API's description for people: OpenAPI 3.0 in, what a page shows out.

The viewers that there are draw their page by script, with colours and controls that not everybody
can use, in one theme, and too wide for a phone.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

BOUNDS = (
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "items"),
    ("minimum", "maximum", ""),
)


@dataclass(frozen=True, slots=True)
class Field:
    """Of a body or of an address; `name` is a path, as in `variants[].name`."""

    name: str
    type: str
    is_required: bool
    about: str
    values: tuple[str, ...]
    bounds: str


@dataclass(frozen=True, slots=True)
class DescribedAnswer:
    status: str
    meaning: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class DescribedCall:
    id: str
    method: str
    path: str
    title: str
    about: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[DescribedAnswer, ...]
    command: str
    """For a shell with curl, where TOKEN, AGENT_ID and so on are set."""


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    calls: tuple[DescribedCall, ...]


def sections_of(schema: Schema, *, origin: str) -> list[Section]:
    """Every call of the API at `origin`, by its tag, in the order of the description."""
    sections: dict[str, list[DescribedCall]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            calls = sections.setdefault(operation["tags"][0], [])
            calls.append(_call(method.upper(), path, operation, schema, origin))
    return [Section(name, tuple(calls)) for name, calls in sections.items()]


def fields_of(of: Schema, schema: Schema, prefix: str = "") -> Iterator[Field]:
    """The properties of an object, each followed by those of what it holds."""
    of, _ = _resolved(of, schema)
    for name, inner in of.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield _field(path, inner, schema, {"required": name in of.get("required", ())})
        inner, _ = _resolved(inner, schema)
        is_list = inner.get("type") == "array"
        yield from fields_of(
            inner["items"] if is_list else inner, schema, f"{path}[]." if is_list else f"{path}."
        )


def _call(method: str, path: str, operation: Schema, schema: Schema, origin: str) -> DescribedCall:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = [example["value"] for example in body.get("examples", {}).values()]
    return DescribedCall(
        id=operation["operationId"],
        method=method,
        path=path,
        title=operation["summary"],
        about=operation.get("description", ""),
        parameters=tuple(
            _field(given["name"], given["schema"], schema, given)
            for given in operation.get("parameters", ())
        ),
        body=tuple(fields_of(body.get("schema", {}), schema)),
        answers=tuple(
            _answer(status, answer, schema)
            for status, answer in sorted(operation["responses"].items())
        ),
        command=_command(method, origin + path, examples),
    )


def _command(method: str, url: str, examples: list[Any]) -> str:
    in_shell = re.sub(r"\{(\w+)\}", lambda name: f"${name[1].upper()}", url)
    parts = [f'curl -X {method} "{in_shell}"', '-H "Authorization: Bearer $TOKEN"']
    if examples:
        sent = json.dumps(examples[0], indent=2, ensure_ascii=False)
        parts += ['-H "Content-Type: application/json"', f"-d {shlex.quote(sent)}"]
    return " \\\n  ".join(parts)


def _answer(status: str, answer: Schema, schema: Schema) -> DescribedAnswer:
    content = answer.get("content", {})
    body = content.get("application/json", {}).get("schema", {}) if status < "300" else {}
    meaning = answer["description"] or ("Done" if status < "300" else "")
    return DescribedAnswer(status, meaning, tuple(fields_of(body, schema)))


def _field(name: str, of: Schema, schema: Schema, given: Schema) -> Field:
    resolved, is_nullable = _resolved(of, schema)
    kind = _type(resolved, schema)
    return Field(
        name=name,
        type=f"{kind} or null" if is_nullable else kind,
        is_required=given.get("required", False),
        about=given.get("description") or of.get("description", ""),
        values=tuple(str(value) for value in resolved.get("enum", ()) if value),
        bounds=_bounds(resolved),
    )


def _type(of: Schema, schema: Schema) -> str:
    if of.get("type") == "array":
        return f"list of {_type(_resolved(of['items'], schema)[0], schema)}"
    kind = of.get("type", "any")
    return str(of.get("format", kind) if kind == "string" else kind)


def _bounds(of: Schema) -> str:
    for lowest, highest, unit in BOUNDS:
        low, high = of.get(lowest), of.get(highest)
        if low is None and high is None:
            continue
        if low is None:
            text = f"at most {high:,}"
        else:
            text = f"at least {low:,}" if high is None else f"{low:,} to {high:,}"
        return f"{text} {unit}".rstrip()
    return ""


def _resolved(of: Schema, schema: Schema) -> tuple[Schema, bool]:
    """What `of` refers to, and whether null may stand for it."""
    is_nullable = of.get("nullable", False)
    for wrapper in ("allOf", "oneOf"):
        of = of.get(wrapper, [of])[0]
    if "$ref" in of:
        of = schema["components"]["schemas"][of["$ref"].rpartition("/")[2]]
    return of, is_nullable
