"""One call of a workspace's model, its answer as it comes.

What an endpoint may do besides answering: fail before or in the middle of its answer, in several
forms; end early; never end; say after how many hours to come back; or answer with something else
altogether. Each is told in a sentence, within `MODEL_SECONDS`. Nothing is tried again.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings

from agents import limits
from agents.model_endpoints.keeping import key_for
from agents.models import ModelEndpoint
from glozr.calling.reach import NotReached, Reach

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

_WORDS = 300
"""Characters that are shown of what an endpoint says about its error."""
_BROKE_OFF = "The answer broke off: the endpoint ended it in the middle."
_UNREADABLE = "The endpoint's answer can't be read. Is it an OpenAI-compatible one?"
_NO_STREAM = (
    "The endpoint answered with something else than a stream. Check the address, which often ends "
    "in /v1."
)
_NOTES = {
    "length": "It was cut off at the longest answer that the endpoint gives.",
    "content_filter": "The endpoint's filter ended it.",
}


class NoAnswer(Exception):
    """Why there is none, or no more of it: a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an answer came to its end; tokens are None where the endpoint does not tell. `note` is
    empty where there is nothing to say."""

    tokens_read: int | None
    tokens_written: int | None
    note: str = ""


def model_answer(
    endpoint: ModelEndpoint, turns: Sequence[Mapping[str, str]]
) -> Iterator[str | Ended]:
    """Its words as they come, and at last how it ended. `turns` have a `role` and a `content`.

    Raises:
        NoAnswer: there is none, or it came to no end.
    """
    import openai

    until = time.monotonic() + settings.MODEL_SECONDS
    try:
        key = key_for(endpoint)
    except ValueError:
        raise NoAnswer("The endpoint's key can no longer be read. Set it again.") from None
    has_begun = False
    with closing(_client(endpoint, key, until)) as client:
        try:
            for piece in _read(_asked(client, endpoint, turns)):
                has_begun = True
                yield piece
        except openai.APIStatusError as error:
            raise NoAnswer(_of_status(error, key)) from error
        except openai.APIConnectionError as error:
            raise NoAnswer(_of_connection(error, until, has_begun)) from error
        except openai.APIError as error:
            raise NoAnswer(f"The endpoint failed: {_shown(error.message, key)}") from error
        except _Said as error:
            raise NoAnswer(f"The endpoint failed: {_shown(str(error), key)}") from error
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
            raise NoAnswer(_UNREADABLE) from error


class _Said(Exception):
    """An error in the endpoint's words."""


def _client(endpoint: ModelEndpoint, key: str, until: float) -> "OpenAI":
    """One for this call, so that no connection waits anywhere."""
    import httpx2
    import openai

    from glozr.calling.timely import TimelyTransport

    transport = TimelyTransport(reach=Reach(settings.MODEL_REACH), until=until)
    return openai.OpenAI(
        api_key=key or "none",
        base_url=endpoint.url,
        organization="",
        project="",
        max_retries=0,
        timeout=settings.MODEL_SECONDS,
        http_client=httpx2.Client(transport=transport, trust_env=False, follow_redirects=False),
    )


def _asked(
    client: "OpenAI", endpoint: ModelEndpoint, turns: Sequence[Mapping[str, str]]
) -> Iterator[Any]:
    messages: Any = [dict(turn) for turn in turns]
    answered = client.chat.completions.with_raw_response.create(
        model=endpoint.model,
        messages=messages,
        stream=True,
        stream_options={"include_usage": True},
        extra_headers={"Accept-Encoding": "identity"},
    )
    kind = answered.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return iter(answered.parse())
    if kind.endswith("json") and (words := _words_in(_loaded(answered.http_response.read()))):
        raise _Said(words)
    raise NoAnswer(_NO_STREAM)


def _read(chunks: Iterator[Any]) -> Iterator[str | Ended]:
    length, finish, usage = 0, None, None
    for chunk in chunks:
        if getattr(chunk, "choices", None) is None:
            raise _Said(_words_in(getattr(chunk, "model_extra", None)))
        usage = getattr(chunk, "usage", None) or usage
        for choice in chunk.choices[:1]:
            finish = choice.finish_reason or finish
            if text := choice.delta.content:
                yield text[: limits.MODEL_ANSWER - length]
                length += len(text)
        if length >= limits.MODEL_ANSWER:
            finish = "length"
            break
    if finish is None:
        raise NoAnswer(_BROKE_OFF)
    note = _NOTES.get(finish, "" if length else "It said nothing.")
    yield Ended(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"), note)


def _count(usage: Any, name: str) -> int | None:
    number = getattr(usage, name, None)
    return number if isinstance(number, int) and number >= 0 else None


def _of_status(error: "APIStatusError", key: str) -> str:
    status = error.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"The endpoint refuses the key ({status}). An Owner or Admin can set another."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"The endpoint takes no more calls for now (429).{_wait_of(error)}"
    if 300 <= status < 400:
        return f"The endpoint leads elsewhere ({status}), which is not followed."
    words = _words_in(error.body)
    told = f" It says: {_shown(words, key)}" if words else ""
    if status == HTTPStatus.NOT_FOUND:
        return f"The endpoint knows no such address or model (404).{told}"
    return f"The endpoint answered with an error ({status}).{told}"


def _wait_of(error: "APIStatusError") -> str:
    seconds = error.response.headers.get("retry-after", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 8):
        return " Try again later."
    minutes = -(-int(seconds) // 60)
    return f" It asks to wait for {minutes:,} minute{'' if minutes == 1 else 's'}."


def _of_connection(error: Exception, until: float, has_begun: bool) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NotReached):
            return f"The endpoint's address {cause}."
        cause = cause.__cause__ or cause.__context__
    if time.monotonic() >= until:
        return f"The endpoint did not answer to the end within {settings.MODEL_SECONDS:g} seconds."
    return _BROKE_OFF if has_begun else "The endpoint can't be reached."


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _words_in(body: Any) -> str:
    """What is said of an error, in one of the forms that endpoints have for it."""
    for name in ("error", "message", "detail"):
        if isinstance(body, Mapping) and body.get(name):
            body = body[name]
    return body if isinstance(body, str) else ""


def _shown(words: str, key: str) -> str:
    """Some endpoints repeat the key that they were called with."""
    line = " ".join(words.split())
    if key:
        line = line.replace(key, "…")
    return line if len(line) <= _WORDS else f"{line[:_WORDS]}…"
