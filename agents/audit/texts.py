"""Long texts of histories, kept once a workspace: thirty edits of a prompt are thirty lines.

An event's `changes` hold a reference in place of what is long: a list that begins with MARK, which
stands where only a text or an object can, so that nothing a client sends is taken for one.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from agents import limits
from agents.models import KeptText
from glozr.secrets import digest_of

MARK = "kept text"
WHOLE = frozenset({"config"})
"""Objects that are kept as one text, their JSON."""


def keep_texts(workspace_id: UUID, changes: Mapping[str, object]) -> dict[str, Any]:
    """The changes as they are to be stored; what is long in them is stored beside them."""
    found: dict[str, str] = {}
    kept: dict[str, Any] = {key: _kept(key, value, found) for key, value in changes.items()}
    KeptText.objects.bulk_create(
        [
            KeptText(workspace_id=workspace_id, digest=digest, content=text)
            for digest, text in sorted(found.items())
        ],
        ignore_conflicts=True,
    )
    return kept


def contents(workspace_id: UUID, changes: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """The texts that some events' changes refer to, by digest."""
    wanted = {digest for each in changes for digest in _digests("", each)}
    if not wanted:
        return {}
    found = KeptText.objects.filter(workspace=workspace_id, digest__in=wanted)
    return dict(found.values_list("digest", "content"))


def restored(changes: Mapping[str, object], texts: Mapping[str, str]) -> dict[str, Any]:
    """The changes with their texts, or with how those begin that are not among `texts`."""
    return {key: _restored(key, value, texts) for key, value in changes.items()}


def refers(changes: Mapping[str, object]) -> bool:
    """Whether there is more to these changes than they hold themselves."""
    return any(True for _ in _digests("", changes))


def _kept(key: str, value: object, found: dict[str, str]) -> object:
    if key in WHOLE and isinstance(value, Mapping):
        written = json.dumps(value, ensure_ascii=False)
        return _reference(written, found) if len(written) > limits.HISTORY_TEXT else value
    match value:
        case str():
            return _reference(value, found) if len(value) > limits.HISTORY_TEXT else value
        case Mapping():
            return {name: _kept(name, each, found) for name, each in value.items()}
        case list() | tuple():
            return [_kept(key, each, found) for each in value]
    return value


def _reference(text: str, found: dict[str, str]) -> list[object]:
    digest = digest_of(text)
    found[digest] = text
    return [MARK, digest, text[: limits.HISTORY_BEGINNING], len(text)]


def _restored(key: str, value: object, texts: Mapping[str, str]) -> object:
    match value:
        case [str(mark), str(digest), str(begins), int(length)] if mark == MARK:
            if digest not in texts:
                # Two texts may begin alike: what tells them apart is part of the words.
                return f"{begins}… ({length:,} characters, {digest[:6]})"
            return json.loads(texts[digest]) if key in WHOLE else texts[digest]
        case Mapping() if key not in WHOLE:
            return {name: _restored(name, each, texts) for name, each in value.items()}
        case list():
            return [_restored(key, each, texts) for each in value]
    return value


def _digests(key: str, value: object) -> Iterator[str]:
    match value:
        case [str(mark), str(digest), str(), int()] if mark == MARK:
            yield digest
        case Mapping() if key not in WHOLE:
            for name, each in value.items():
                yield from _digests(name, each)
        case list():
            for each in value:
                yield from _digests(key, each)
