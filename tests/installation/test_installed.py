"""The same steps without a container: the units' commands, nginx in front, a backup restored."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.stack import Stack, free_port
from glozr.postgres.embedded import PORT, program_path
from tests.harness.installations import installation
from tests.harness.programs import program
from tests.installation.files import FOLDER, PROJECT, commands

HOST = "glozr.example"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The server as the unit starts it, on a port of its own, HTTPS ahead of it."""
    with installation(tmp_path_factory.mktemp("installed")) as stack:
        stack.environment |= {
            "DATABASE_URL": f"postgres://glozr@/glozr?host={stack.postgres.data_dir}&port={PORT}",
            "GLOZR_DEMO": "0",
            "GLOZR_ALLOWED_HOSTS": f"{HOST},127.0.0.1",
            "GLOZR_HTTPS": "1",
            "GLOZR_BEHIND_PROXY": "1",
            "GLOZR_METRICS_TOKEN": "of-the-tests",
        }
        for command in commands("glozr-migrate"):
            done = subprocess.run(command, cwd=PROJECT, env=stack.environment, capture_output=True)
            assert done.returncode == 0, done.stderr
        [serve] = commands("glozr-web")
        serve[serve.index("8000")] = str(stack.port)
        stack.server = stack.start(serve)
        stack.wait_for("/healthz")
        yield stack


@contextmanager
def nginx(stack: Stack, folder: Path) -> Iterator[int]:
    """The port of an nginx with the file of the installation."""
    port = free_port()
    tls = folder / "tls"
    tls.mkdir()
    self_signed(tls)
    text = (FOLDER / "nginx.conf").read_text()
    for theirs, ours in (
        ("127.0.0.1:8000", f"127.0.0.1:{stack.port}"),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("listen 80", f"listen 127.0.0.1:{free_port()}"),
        ("/etc/glozr/tls", str(tls)),
        ("/var/log/nginx", str(folder)),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""  # who alone may enter this folder
    whole = folder / "whole.conf"
    whole.write_text(
        f"{user}pid {folder}/nginx.pid;\ndaemon off;\nevents {{}}\nhttp {{\n{temporary}{text}\n}}\n"
    )
    command = [program("nginx"), "-c", str(whole), "-e", str(folder / "start.log")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    running = subprocess.Popen(command)
    try:
        yield port
    finally:
        running.terminate()
        running.wait(10)


def self_signed(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_nginx_passes_everything_on_that_it_should(installed: Stack, tmp_path: Path) -> None:
    visitor = {"visitor_id": "ada"}
    place = f"/api/v1/agents/{installed.demo['agent']}/assignments/"
    with (
        nginx(installed, tmp_path) as port,
        httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            headers={"Host": HOST, "X-Forwarded-For": "203.0.113.7", "X-Request-ID": "my own"},
            verify=False,
            transport=httpx.HTTPTransport(verify=False, retries=20),
        ) as client,
    ):
        page = client.get("/accounts/login/")
        assert page.status_code == httpx.codes.OK
        assert page.headers["Strict-Transport-Security"]
        assert "__Host-csrftoken" in page.headers["Set-Cookie"]
        key = {"Authorization": f"Bearer {installed.demo['token']}"}
        answer = client.post(place, json=visitor, headers=key)
        assert answer.json()["variant"], answer.text
        assert len(answer.headers["X-Request-ID"]) == 32  # nginx's
        large = client.post(place, content=b"x" * 1_100_000, headers=key)
        assert large.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
        assert client.get("/metrics").status_code == httpx.codes.NOT_FOUND
    log = (tmp_path / "glozr.log").read_text()
    assert answer.headers["X-Request-ID"] in log
    assert "/api/" not in log
    assert "/accounts/" not in log


def test_a_backup_under_load_is_whole(installed: Stack) -> None:
    """The drill itself, while visitors come."""
    done = threading.Event()
    answered = 0

    def visit() -> None:
        nonlocal answered
        with installed.api() as api:
            api.headers["X-Forwarded-Proto"], api.headers["X-Forwarded-For"] = "https", "::1"
            while not done.is_set():
                with suppress(httpx.HTTPError):
                    said = {
                        "visitor_id": f"drill-{answered}",
                        "email": f"drill-{answered}@x.example",
                    }
                    api.post(
                        "assignments/", json={"visitor_id": said["visitor_id"]}
                    ).raise_for_status()
                    api.post("leads/", json=said).raise_for_status()
                    answered += 1

    visitors = threading.Thread(target=visit)
    visitors.start()
    try:
        drill = subprocess.run(
            [str(FOLDER / "restore_drill.sh")],
            cwd=PROJECT,
            env={
                **installed.environment,
                "PATH": f"{program_path('pg_dump').parent}:{os.environ['PATH']}",
                "PYTHON": ".venv/bin/python",
            },
            capture_output=True,
            text=True,
        )
    finally:
        done.set()
        visitors.join()
    assert drill.returncode == 0, drill.stderr
    assert "every figure equals the raw rows" in drill.stdout
    assert "The backup is good" in drill.stdout
    assert answered > 20
