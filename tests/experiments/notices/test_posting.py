"""What is posted goes to a checked address, by a deadline, and no further."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from experiments.notices import posting
from experiments.notices.posting import post
from glozr.calling.reach import NotReached, Reach, is_within, target_of
from tests.experiments.notices.receivers import Receiver, receiver

PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e")
PRIVATE = (
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "2002:a00:1::1", "2001:0:a00:1::f5ff:fffe", "::10.0.0.1",
)  # fmt: skip
THIS_MACHINE = ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")


class TestReach:
    @pytest.mark.parametrize("address", PUBLIC)
    def test_public_addresses_are_always_within(self, address: str) -> None:
        assert all(is_within(address, reach) for reach in Reach)

    @pytest.mark.parametrize("address", PRIVATE)
    def test_private_ones_where_all_are(self, address: str) -> None:
        assert [is_within(address, reach) for reach in Reach] == [False, False, True]

    @pytest.mark.parametrize("address", THIS_MACHINE)
    def test_this_machine_where_it_is_tried_out(self, address: str) -> None:
        assert [is_within(address, reach) for reach in Reach] == [False, True, True]


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "port", "path"),
        [
            ("https://example.com", 443, "/"),
            ("http://example.com/a?b=c", 80, "/a?b=c"),
            ("https://example.com:8443/a#part", 8443, "/a"),
            ("https://[::1]:9/", 9, "/"),
        ],
    )
    def test_are_read(self, url: str, port: int, path: str) -> None:
        target = target_of(url, only_secure=False)
        assert (target.port, target.path) == (port, path)

    @pytest.mark.parametrize(
        "url",
        [
            "", "example.com", "ftp://example.com/", "https://", "https:///x", "file:///etc/passwd",
            "https://ada:secret@example.com/", "https://example.com:0/", "https://example.com:x/",
            "https://example.com/a b", "https://exämple.com/", "https://[::1/", "https://a\r\nb/",
        ],
    )  # fmt: skip
    def test_that_are_none_are_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match=r"\."):
            target_of(url, only_secure=False)

    def test_are_secure_where_they_must_be(self) -> None:
        assert target_of("https://example.com/", only_secure=True).is_secure
        with pytest.raises(ValueError, match="https"):
            target_of("http://example.com/", only_secure=True)


def send(url: str, *, reach: Reach = Reach.LOOPBACK) -> int:
    target = target_of(url, only_secure=False)
    return post(target, b"{}", {"X-Ours": "1"}, reach=reach)


class TestPosting:
    def test_tells_what_was_answered(self, taking: Receiver) -> None:
        taking.answers = [202, 500, 410]
        assert [send(taking.url) for _ in range(3)] == [202, 500, 410]
        posted = taking.requests[0]
        assert (posted.path, posted.body, posted.headers["X-Ours"]) == (
            "/hooks?key=s3cret", b"{}", "1",
        )  # fmt: skip
        assert posted.headers["Host"] == f"127.0.0.1:{taking.port}"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_follows_nobody(self, taking: Receiver, status: int) -> None:
        with receiver() as elsewhere:
            taking.answers, taking.location = [status], elsewhere.url
            assert send(taking.url) == status
            assert elsewhere.requests == []

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"])
    def test_reaches_no_private_address_however_it_is_written(
        self, taking: Receiver, host: str
    ) -> None:
        with pytest.raises(NotReached, match="private network"):
            send(f"http://{host}:{taking.port}/", reach=Reach.PUBLIC)
        assert taking.requests == []

    def test_a_name_that_is_nobodys(self) -> None:
        with pytest.raises(NotReached, match="leads nowhere"):
            send("http://nobody.invalid/")

    def test_a_port_where_nobody_listens(self, taking: Receiver) -> None:
        with receiver() as gone:
            pass
        with pytest.raises(NotReached, match="can't be reached"):
            send(gone.url)


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have `hooks.example` lead to one of the answers after another; which names were asked for."""
    real, asked, left = socket.getaddrinfo, [], list(answers)

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "hooks.example":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        return [
            found
            for address in (left.pop(0) if left else [])
            for found in real(address, port, *args, **kwargs)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


class TestNames:
    def test_are_looked_up_at_every_try_and_once(
        self, monkeypatch: pytest.MonkeyPatch, taking: Receiver
    ) -> None:
        asked = names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"])
        url = f"http://hooks.example:{taking.port}/"
        assert send(url) == 204
        assert taking.requests[0].headers["Host"] == f"hooks.example:{taking.port}"
        with pytest.raises(NotReached, match="private network"):
            send(url)
        assert send(url) == 204
        assert len(asked) == 3

    def test_one_private_address_among_others_is_enough(
        self, monkeypatch: pytest.MonkeyPatch, taking: Receiver
    ) -> None:
        names(monkeypatch, ["127.0.0.1", "192.168.1.1"])
        with pytest.raises(NotReached, match="private network"):
            send(f"http://hooks.example:{taking.port}/")
        assert taking.requests == []

    def test_the_next_address_is_tried_when_nobody_listens_at_the_first(
        self, monkeypatch: pytest.MonkeyPatch, taking: Receiver
    ) -> None:
        names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
        assert send(f"http://hooks.example:{taking.port}/") == 204


@contextmanager
def peer(says: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that takes connections and then does as it likes."""
    listener = socket.create_server(("127.0.0.1", 0))
    peers: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                one, _ = listener.accept()
                peers.append(one)
                says(one)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        for one in (listener, *peers):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def drip(one: socket.socket) -> None:
    """Headers without end, a letter at a time: no single read is ever late."""
    with suppress(OSError):
        one.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            one.sendall(b"x")
            time.sleep(0.05)


def babble(one: socket.socket) -> None:
    with suppress(OSError):
        one.sendall(b"220 mail.example\r\n" * 9)
        one.close()


class TestDeadlines:
    @pytest.mark.parametrize("says", [lambda one: None, drip], ids=["hangs", "drips"])
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_who_does_not_come_to_an_end_is_left(
        self, monkeypatch: pytest.MonkeyPatch, says: Any, scheme: str
    ) -> None:
        monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.4)
        with peer(says) as url:
            begun = time.monotonic()
            with pytest.raises(NotReached):
                send(url.replace("http", scheme))
            assert time.monotonic() - begun < 1.5

    def test_a_name_that_nobody_answers_for_is_not_waited_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered = threading.Event()

        def never_answered(*args: Any, **kwargs: Any) -> list[Any]:
            answered.wait(10)
            return []

        monkeypatch.setattr(posting, "CONNECT_SECONDS", 0.2)
        monkeypatch.setattr(socket, "getaddrinfo", never_answered)
        begun = time.monotonic()
        with pytest.raises(NotReached, match="leads nowhere"):
            send("http://hooks.example/")
        assert time.monotonic() - begun < 1.5
        answered.set()

    def test_what_is_no_http_is_no_answer(self) -> None:
        with peer(babble) as url, pytest.raises(NotReached, match=r"HTTP|reached"):
            send(url)


def certificate(name: str, folder: Path) -> tuple[SSLContext, Path]:
    """A server's context for `name`, and the file of the authority that says so."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    of_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    whole, public = folder / "server.pem", folder / "authority.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    whole.write_bytes(of_key + public.read_bytes())
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    return context, public


class TestTLS:
    @pytest.fixture
    def secure(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
        context, authority = certificate("hooks.example", tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        with receiver(context) as one:
            yield one

    def test_the_certificate_is_held_against_the_name(
        self, secure: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names(monkeypatch, ["127.0.0.1"])
        assert send(f"https://hooks.example:{secure.port}/") == 204
        with pytest.raises(NotReached, match="certificate"):
            send(f"https://localhost:{secure.port}/")
        assert len(secure.requests) == 1

    def test_one_that_nobody_vouches_for_is_refused(
        self, secure: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        names(monkeypatch, ["127.0.0.1"])
        with pytest.raises(NotReached, match="certificate"):
            send(f"https://hooks.example:{secure.port}/")

    def test_who_speaks_none_is_not_spoken_to_in_plain(self, taking: Receiver) -> None:
        with pytest.raises(NotReached, match="TLS"):
            send(taking.url.replace("http", "https"))
        assert taking.requests == []
