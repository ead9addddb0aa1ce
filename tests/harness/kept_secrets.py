"""A plugin: fails the run if a secret of its tests stands in a log line or a cookie.

Planted are the keys of tokens, the secrets of invitations, what mailed links hold, passwords, and
the words of visitors. Looked through are the lines of the log as production writes them, what
servers and commands that tests started wrote to standard error, PostgreSQL's log, and every
Set-Cookie.
"""

import functools
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

SHORTEST = 8
"""Of what is looked for: shorter words stand in lines by chance."""
LINK = re.compile(r"https?://\S+")
OPAQUE = re.compile(r"[^/?=&]{16,}")
OF_VISITORS = ("content", "email", "name", "phone", "company")
LEAKS = pytest.StashKey[list[str]]()
POSTGRES_LOG = pytest.StashKey[tuple[Path, int]]()


class Recorder:
    """What must not be told, and what was."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}
        self.written: dict[str, list[str]] = {}

    def plant(self, secret: object, what: str) -> None:
        if isinstance(secret, str) and len(secret) >= SHORTEST:
            self.planted.setdefault(secret, what)

    def note(self, where: str, text: str) -> None:
        self.written.setdefault(where, []).append(text)

    def leaks(self) -> list[str]:
        """Each secret that was told, where, and beside what."""
        found = []
        for where, texts in self.written.items():
            text = "\n".join(texts)
            for secret, what in self.planted.items():
                if (at := text.find(secret)) >= 0:
                    around = text[max(0, at - 120) : at + len(secret) + 60]
                    found.append(f"{what} in {where}: …{around.replace(secret, '[SECRET]')}…")
        return found


RECORDER = Recorder()


class Noting(logging.Handler):
    """Takes a line as the handler of production writes it."""

    def emit(self, record: logging.LogRecord) -> None:
        RECORDER.note("a log line", self.format(record))


def pytest_sessionstart(session: pytest.Session) -> None:
    _watch_secrets()
    _watch_cookies()
    from django.conf import settings

    from glozr.observe import logs

    handler = Noting()
    described = dict(logs.LOGGING["formatters"]["json"])
    described.pop("()")
    handler.setFormatter(logs.WithoutValues(**described))
    for each in (logs.WithRequestId(), logs.WithoutAddresses()):
        handler.addFilter(each)
    logging.getLogger().addHandler(handler)
    log = settings.DATA_DIR / "postgres" / "server.log"
    session.config.stash[POSTGRES_LOG] = (log, log.stat().st_size if log.exists() else 0)


def _watch_secrets() -> None:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.core.mail import EmailMessage

    from agents.workspaces import keys
    from tests.harness import posting
    from tests.runtime import Runtime

    _planting(keys, "_key", "the key of a token")
    _planting(secrets, "token_urlsafe", "a random secret")
    _before(AbstractBaseUser, "set_password", lambda user, raw: _plant([raw], "a password"))
    _before(EmailMessage, "send", lambda mail, *_, **__: _plant_links(mail.body))
    posting.on_post.append(_plant_passwords)
    _before(Runtime, "post", lambda runtime, path, body, **_: _plant_words(body))


def _planting(module: Any, name: str, what: str) -> None:
    """Plant whatever the function returns."""
    original = getattr(module, name)

    @functools.wraps(original)
    def planted(*args: Any, **kwargs: Any) -> Any:
        secret = original(*args, **kwargs)
        RECORDER.plant(secret, what)
        return secret

    setattr(module, name, planted)


def _before(owner: Any, name: str, look: Callable[..., None]) -> None:
    """Look at what the method is called with."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def looked_at(*args: Any, **kwargs: Any) -> Any:
        look(*args, **kwargs)
        return original(*args, **kwargs)

    setattr(owner, name, looked_at)


def _plant(found: Iterable[object], what: str) -> None:
    for secret in found:
        RECORDER.plant(secret, what)


def _plant_links(mail: object) -> None:
    for link in LINK.findall(str(mail)):
        _plant(OPAQUE.findall(link.partition("://")[2].partition("/")[2]), "a mailed link")


def _plant_passwords(form: object) -> None:
    if isinstance(form, Mapping):
        _plant((form[name] for name in form if "password" in str(name)), "a password")


def _plant_words(body: object) -> None:
    if isinstance(body, Mapping):
        _plant((body.get(name) for name in OF_VISITORS), "the words of a visitor")


def _watch_cookies() -> None:
    from django.core.handlers.base import BaseHandler

    original = BaseHandler.get_response

    @functools.wraps(original)
    def noted(handler: Any, request: Any) -> Any:
        response = original(handler, request)
        for morsel in response.cookies.values():
            RECORDER.note("a cookie", morsel.OutputString())
        return response

    BaseHandler.get_response = noted  # type: ignore[assignment]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What servers and commands wrote that a test started; pytest has caught it."""
    for title, text in report.sections:
        if title.startswith("Captured stderr"):
            RECORDER.note("standard error", text)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """What a process of the run has found, told to the one that reports."""
    node.config.stash.setdefault(LEAKS, []).extend(
        getattr(node, "workeroutput", {}).get("leaks", ())
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    found = session.config.stash.setdefault(LEAKS, [])
    if POSTGRES_LOG in session.config.stash:
        log, size = session.config.stash[POSTGRES_LOG]
        if log.exists():
            with log.open(errors="replace") as lines:
                lines.seek(size)
                RECORDER.note("PostgreSQL's log", lines.read())
    found.extend(RECORDER.leaks())
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["leaks"] = found
    elif found and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if found := terminalreporter.config.stash.get(LEAKS, []):
        terminalreporter.section("secrets that were told", red=True)
        for leak in dict.fromkeys(found):
            terminalreporter.line(leak)
