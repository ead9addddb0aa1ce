"""Each file is taken by the program that it is for."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from glozr.serving.patience import GRACE_SECONDS, IDLE_SECONDS
from tests.harness.programs import program
from tests.installation.files import FOLDER, PROJECT, commands, environment, unit

UNITS = ("glozr-migrate", "glozr-web", "glozr-background")


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return read


def readme_variables() -> set[str]:
    return set(re.findall(r"`((?:GLOZR|DATABASE)_[A-Z_]+)`", (PROJECT / "README.md").read_text()))


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for name in UNITS:
        text = (FOLDER / f"{name}.service").read_text()
        there = text.replace("/opt/glozr/.venv/bin/python", "/bin/true").replace("User=glozr\n", "")
        (tmp_path / f"{name}.service").write_text(there)
    said = subprocess.run(
        [program("systemd-analyze"), "verify", *(str(path) for path in tmp_path.iterdir())],
        capture_output=True,
        text=True,
    )
    assert not [line for line in said.stderr.splitlines() if "glozr" in line], said.stderr
    assert said.returncode == 0, said.stderr


def test_the_units_are_bounded_and_wait_for_requests_under_way() -> None:
    for name in UNITS:
        lines = dict(unit(name))
        assert lines["User"] == "glozr"
        assert lines["ProtectSystem"] == "strict"
        assert lines["NoNewPrivileges"] == "true"
    assert int(dict(unit("glozr-web"))["TimeoutStopSec"]) > GRACE_SECONDS


def test_only_variables_that_there_are_are_set() -> None:
    services = compose()["services"]
    for name in ("migrate", "web", "background"):
        assert services[name]["environment"].keys() <= readme_variables()
    assert environment().keys() <= readme_variables()


def test_the_containers_write_nowhere_and_are_nobody() -> None:
    services = compose()["services"]
    assert services.keys() == {"database", "migrate", "web", "background", "nginx"}
    for name in ("migrate", "web", "background"):
        assert services[name]["read_only"] is True
        assert services[name]["user"] != "root"
        assert services[name]["cap_drop"] == ["ALL"]
    assert services["migrate"]["command"][1:] == commands("glozr-migrate")[0][1:]
    assert services["background"]["command"][1:] == commands("glozr-background")[0][1:]


def test_the_image_has_what_it_copies_and_is_not_root() -> None:
    lines = (FOLDER / "Dockerfile").read_text().replace("\\\n", "").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    assert [line[0] for line in words].count("FROM") == 2
    copied = [
        one for line in words if line[0] == "COPY" and "--from" not in line[1] for one in line[1:-1]
    ]
    assert copied
    allowed = (FOLDER / "Dockerfile.dockerignore").read_text().split()
    for name in copied:
        assert (PROJECT / name).exists()
        assert f"!{name}" in allowed
    last = {line[0]: line for line in words}
    assert last["USER"][1] not in ("root", "0")
    assert "HEALTHCHECK" in last
    served = " ".join(json.loads(" ".join(last["CMD"][1:])))
    [as_a_unit] = commands("glozr-web")
    assert served.replace("0.0.0.0", "127.0.0.1").split()[1:] == as_a_unit[1:]


def test_nginx_lets_go_of_idle_connections_before_the_server_does() -> None:
    text = (FOLDER / "nginx.conf").read_text()
    upstream = text.partition("upstream glozr {")[2].partition("}")[0]
    found = re.search(r"keepalive_timeout (\d+)s", upstream)
    assert found is not None
    assert int(found[1]) < IDLE_SECONDS


@pytest.mark.parametrize("name", ["restore_drill.sh"])
def test_scripts_are_read_by_a_plain_shell(name: str) -> None:
    assert (FOLDER / name).stat().st_mode & 0o111
    subprocess.run(["sh", "-n", str(FOLDER / name)], check=True)
