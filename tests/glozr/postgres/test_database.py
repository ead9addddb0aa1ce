"""DATABASES["default"] from the environment, and the command line."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from glozr.postgres.__main__ import main
from glozr.postgres.config import PROJECT_DIR, database_config, embedded_server

URL = "postgres://ada:s%40crt@db.example:6432/shop?sslmode=require"


def test_database_url_is_respected() -> None:
    config = database_config({"DATABASE_URL": URL})
    assert config["ENGINE"] == "glozr.postgres"
    place = {name: config[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    assert place == {
        "HOST": "db.example",
        "PORT": "6432",
        "NAME": "shop",
        "USER": "ada",
        "PASSWORD": "s@crt",
    }
    assert config["OPTIONS"]["sslmode"] == "require"


def test_connections_stay_open_and_every_wait_is_bounded() -> None:
    config = database_config({"DATABASE_URL": URL})
    assert config["CONN_MAX_AGE"] is None
    assert config["CONN_HEALTH_CHECKS"] is False
    options = config["OPTIONS"]
    assert options["connect_timeout"] == 2
    assert options["tcp_user_timeout"] == 2_000
    assert options["keepalives_idle"] + options["keepalives_interval"] <= 2
    assert "options" not in options  # which a pool of connections refuses, or drops
    assert config["LIMITS"] == {
        "statement_timeout": "15000",
        "lock_timeout": "1500",
        "idle_in_transaction_session_timeout": "30000",
    }


def test_timeouts_come_from_the_environment_and_zero_leaves_them_to_the_server() -> None:
    environ = {
        "DATABASE_URL": URL,
        "GLOZR_STATEMENT_TIMEOUT_MS": "700",
        "GLOZR_LOCK_TIMEOUT_MS": "0",
        "GLOZR_IDLE_TRANSACTION_TIMEOUT_MS": "0",
    }
    assert database_config(environ)["LIMITS"] == {"statement_timeout": "700"}
    environ["GLOZR_STATEMENT_TIMEOUT_MS"] = "0"
    assert database_config(environ)["LIMITS"] == {}


def test_what_the_url_asks_for_wins() -> None:
    url = "postgresql:///shop?host=/run/pg&connect_timeout=9&options=-c%20lock_timeout%3D5"
    config = database_config({"DATABASE_URL": url})
    assert config["HOST"] == "/run/pg"
    assert config["OPTIONS"]["connect_timeout"] == "9"
    assert config["OPTIONS"]["options"] == "-c lock_timeout=5"


@pytest.mark.parametrize(
    ("text", "prepare"), [("", "auto"), ("0", 0), ("5", 5), ("None", "none"), ("auto", "auto")]
)
def test_when_statements_are_prepared(text: str, prepare: str | int) -> None:
    config = database_config({"DATABASE_URL": URL, "GLOZR_PREPARE_THRESHOLD": text})
    assert config["PREPARE"] == prepare
    assert config["OPTIONS"]["prepare_threshold"] is None


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "must begin with postgres://"),
        ({"DATABASE_URL": "postgres://ada:s%zzcrt@db/shop"}, "cannot be read"),
        ({"DATABASE_URL": "postgres://db/shop?colour=red"}, "cannot be read"),
        ({"DATABASE_URL": "postgres://ada:s3crt@db"}, "names no database"),
        ({"GLOZR_LOCK_TIMEOUT_MS": "1.5s"}, "GLOZR_LOCK_TIMEOUT_MS must be a whole number"),
        ({"GLOZR_PREPARE_THRESHOLD": "-1"}, "GLOZR_PREPARE_THRESHOLD must be"),
    ],
)
def test_a_bad_value_is_named_and_no_password_is_shown(environ: dict[str, str], words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words) as refusal:
        database_config({"DATABASE_URL": URL, **environ})
    assert "crt" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_data_dir_is_var_below_the_project_or_what_the_environment_says() -> None:
    assert embedded_server({}).data_dir == PROJECT_DIR / "var" / "postgres"
    assert embedded_server({"GLOZR_DATA_DIR": "x/y"}).data_dir == PROJECT_DIR / "x/y/postgres"
    assert embedded_server({"GLOZR_DATA_DIR": "/srv/g"}).data_dir == Path("/srv/g/postgres")


def test_command_line_and_configuration_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("GLOZR_DATA_DIR", str(tmp_path))
    config = database_config()
    assert main(["status"]) == 3
    assert main(["start"]) == 0
    assert main(["status"]) == 0
    capsys.readouterr()
    assert main(["url"]) == 0
    assert f"host={config['EMBEDDED']}&port={config['PORT']}" in capsys.readouterr().out
    assert main(["stop"]) == 0
    assert main(["status"]) == 3


def test_command_line_leaves_a_server_of_the_users_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    assert main(["stop"]) == 0
    assert "not run from here" in capsys.readouterr().out
    assert main(["url"]) == 0
    assert capsys.readouterr().out.strip() == URL
