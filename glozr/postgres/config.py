"""Where PostgreSQL is: the server that DATABASE_URL names, or else the embedded one.

`python -m glozr.postgres start | stop | status | url` handles the embedded server by hand.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from glozr.postgres.embedded import DATABASE, PORT, ROLE, EmbeddedPostgres

REPLICA = "replica"
"""Its alias."""

PROJECT_DIR = Path(__file__).resolve().parents[2]

# Milliseconds; 0 leaves the matter to the server. Name in the environment, server setting, default.
TIMEOUTS = (
    ("GLOZR_STATEMENT_TIMEOUT_MS", "statement_timeout", 15_000),
    ("GLOZR_LOCK_TIMEOUT_MS", "lock_timeout", 1_500),
    ("GLOZR_IDLE_TRANSACTION_TIMEOUT_MS", "idle_in_transaction_session_timeout", 30_000),
)

# A server that vanishes without a word is noticed within two seconds: by the probes while we wait
# for its answer, by tcp_user_timeout while it has yet to acknowledge what was sent.
TCP_OPTIONS = {
    "keepalives": 1,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": 1,
    "tcp_user_timeout": 2_000,
}


def database_configs(environ: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """DATABASES of the settings: the database, and its replica where GLOZR_REPLICA_URL names one.

    Raises ImproperlyConfigured with a message for the operator.
    """
    configs = {"default": database_config(environ)}
    if url := environ.get("GLOZR_REPLICA_URL", "").strip():
        try:
            configs[REPLICA] = database_config({**environ, "DATABASE_URL": url})
        except ImproperlyConfigured as error:
            raise ImproperlyConfigured(
                str(error).replace("DATABASE_URL", "GLOZR_REPLICA_URL")
            ) from None
    return configs


def database_config(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """DATABASES["default"] of the settings; `glozr.postgres.base` finds and starts the embedded
    server, should it be the one, when a connection is opened.

    Raises ImproperlyConfigured with a message for the operator.
    """
    url = environ.get("DATABASE_URL", "").strip()
    place = _external(url) if url else _embedded(embedded_server(environ))
    options = {
        "application_name": "glozr",
        "connect_timeout": 2,
        "prepare_threshold": None,  # `sessions` sets it, which knows by then what is there
        **place.pop("OPTIONS"),
    }
    return {
        "ENGINE": "glozr.postgres",
        **place,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": options,
        "LIMITS": _limits(environ),
        "PREPARE": _prepare(environ),
        "DISABLE_SERVER_SIDE_CURSORS": bool(url),  # until `sessions` has found no pool
    }


def embedded_server(environ: Mapping[str, str] = os.environ) -> EmbeddedPostgres:
    """The embedded server of this project: data under GLOZR_DATA_DIR, or `var/`."""
    data_dir = Path(environ.get("GLOZR_DATA_DIR") or "var").expanduser()
    return EmbeddedPostgres(PROJECT_DIR / data_dir / "postgres")


def _embedded(server: EmbeddedPostgres) -> dict[str, Any]:
    return {
        "NAME": DATABASE,
        "USER": ROLE,
        "PASSWORD": "",
        "PORT": str(PORT),
        "EMBEDDED": str(server.data_dir),
        "OPTIONS": {},
    }


def _external(url: str) -> dict[str, Any]:
    """Read the URL as libpq does: several hosts, socket folders, sslmode and the rest of it."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    # The URL stays out of messages: it holds a password.
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgres:// or postgresql://, as in "
            "postgres://user:password@host:5432/name. PostgreSQL is the only database in use here."
        )
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read. It should look like "
            "postgres://user:password@host:5432/name, with special characters percent-encoded."
        ) from None
    named = {
        django: str(parts.pop(libpq, None) or "")
        for django, libpq in (
            ("NAME", "dbname"),
            ("USER", "user"),
            ("PASSWORD", "password"),
            ("HOST", "host"),
            ("PORT", "port"),
        )
    }
    if not named["NAME"]:
        raise ImproperlyConfigured(
            "DATABASE_URL names no database. Add it at the end: postgres://user@host:5432/name"
        )
    return {**named, "OPTIONS": {**TCP_OPTIONS, **parts}}


def _limits(environ: Mapping[str, str]) -> dict[str, str]:
    """By names of the server's settings."""
    values = {setting: _milliseconds(environ, name, most) for name, setting, most in TIMEOUTS}
    return {setting: str(value) for setting, value in values.items() if value}


def _milliseconds(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > 2**31 - 1:
        raise ImproperlyConfigured(f"{name} must be a whole number of milliseconds, not {text!r}.")
    return int(text)


def _prepare(environ: Mapping[str, str]) -> str | int:
    """How often a statement runs before the server prepares it; `auto`; or `none` for never."""
    text = environ.get("GLOZR_PREPARE_THRESHOLD", "").strip().lower() or "auto"
    if text in ("auto", "none"):
        return text
    if not text.isascii() or not text.isdigit():
        raise ImproperlyConfigured(
            f'GLOZR_PREPARE_THRESHOLD must be "auto", "none" or a whole number, not {text!r}.'
        )
    return int(text)
