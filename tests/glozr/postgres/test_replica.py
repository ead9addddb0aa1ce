"""A real copy that streams from a real primary: what it answers, and when it must not."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured

from bench.results import sign_in
from bench.stack import Stack
from glozr.postgres.config import database_configs
from glozr.postgres.embedded import EmbeddedPostgres, program_path
from glozr.postgres.replica import REST_SECONDS
from tests.factories import persona_variants
from tests.harness.installations import installation

LINK = re.compile(r'href="(/app/[^"#]*)"')
MOST_PAGES = 80


@dataclass(frozen=True)
class Followed:
    """An installation whose server knows of a replica."""

    stack: Stack
    replica: EmbeddedPostgres
    browser: httpx.Client
    api: httpx.Client

    def on_replica(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(dsn(self.replica, "postgres"), autocommit=True) as connection:
            found = connection.execute(sql.encode())
            return found.fetchall() if found.description else []

    @contextmanager
    def asked(self) -> Iterator[None]:
        """The replica, for more than how far it has come."""
        before = self.on_replica("SELECT clock_timestamp()")[0][0]
        yield
        found = self.on_replica(
            "SELECT query FROM pg_stat_activity WHERE application_name = 'glozr'"
            f" AND query_start > '{before}' AND query NOT LIKE '%pg_is_in_recovery%'"
        )
        assert found

    def experiments(self) -> str:
        return f"/app/agents/{self.stack.demo['agent']}/experiments/"

    def experiment_made(self, name: str) -> httpx.Response:
        made = {"name": name, "kind": "persona", "variants": persona_variants()}
        return self.api.post("experiments/", json=made)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The replica answers, and hears nothing new."""
        self.on_replica("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.on_replica("SELECT pg_wal_replay_resume()")


def dsn(server: EmbeddedPostgres, role: str = "glozr") -> str:
    host = quote(str(server.running_socket_dir()), safe="")
    return f"postgresql://{role}@/glozr?host={host}"


def copy_of(primary: EmbeddedPostgres, folder: Path) -> EmbeddedPostgres:
    """A standby that streams from it."""
    copying = [str(program_path("pg_basebackup")), "--dbname", dsn(primary, "postgres")]
    how = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
    subprocess.run([*copying, "--pgdata", str(folder), *how], check=True)
    owner = primary.data_dir.stat()
    subprocess.run(["chown", "-R", f"{owner.st_uid}:{owner.st_gid}", str(folder)], check=True)
    (folder / "postmaster.pid").unlink(missing_ok=True)
    standby = EmbeddedPostgres(folder)
    standby.ensure_running()
    return standby


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    with installation(tmp_path_factory.mktemp("primary")) as stack:
        replica = copy_of(stack.postgres, tmp_path_factory.mktemp("copy") / "postgres")
        try:
            stack.environment["GLOZR_REPLICA_URL"] = dsn(replica)
            stack.start_server()
            with (
                httpx.Client(base_url=stack.url, timeout=20) as browser,
                stack.api() as api,
            ):
                sign_in(browser, stack)
                yield Followed(stack, replica, browser, api)
        finally:
            stack.stop_server()
            replica.stop()


def test_every_page_works_with_one(followed: Followed) -> None:
    seen, waiting = {"/app/"}, ["/app/"]
    while waiting and len(seen) < MOST_PAGES:
        answer = followed.browser.get(waiting.pop(0), follow_redirects=True)
        assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, answer.url
        found = [link for link in LINK.findall(answer.text) if link not in seen]
        seen.update(found)
        waiting += dict.fromkeys(found)
    assert len(seen) > MOST_PAGES / 2


def test_lists_come_from_it(followed: Followed) -> None:
    with followed.asked():
        page = followed.browser.get(followed.experiments())
    assert page.status_code == httpx.codes.OK


def test_what_a_page_counts_is_in_its_figures(followed: Followed) -> None:
    """It counts on the primary, in the midst of reading the replica."""
    [experiment] = [
        one["id"] for one in followed.stack.demo["experiments"] if one["status"] == "running"
    ]
    followed.on_replica("ALTER SYSTEM SET recovery_min_apply_delay = '100ms'")
    followed.on_replica("SELECT pg_reload_conf()")
    try:
        for number in range(1, 6):
            came = followed.api.post("assignments/", json={"visitor_id": f"counted-{number}"})
            assert came.status_code == httpx.codes.OK
            with followed.asked():
                results = followed.api.get(f"experiments/{experiment}/results/").json()
            assert results["is_complete"]
            assert sum(variant["visitors"] for variant in results["variants"]) == number
    finally:
        followed.on_replica("ALTER SYSTEM RESET recovery_min_apply_delay")
        followed.on_replica("SELECT pg_reload_conf()")


def test_what_was_just_written_is_never_missed(followed: Followed) -> None:
    with followed.paused():
        made = followed.experiment_made("Written a moment ago")
        assert made.status_code == httpx.codes.CREATED
        listed = followed.api.get("experiments/").json()["results"]
        assert "Written a moment ago" in followed.browser.get(followed.experiments()).text
    assert made.json()["id"] in {one["id"] for one in listed}


def test_a_file_comes_from_it_whole(followed: Followed) -> None:
    path = f"/app/workspaces/{followed.stack.demo['workspace']}/history.csv"
    with followed.paused():
        followed.experiment_made("Written so that the copy is late")
        of_primary = followed.browser.get(path).text
    time.sleep(REST_SECONDS)
    with followed.asked():
        of_replica = followed.browser.get(path).text
    assert of_replica == of_primary
    assert of_replica.count("\n") > 1


def test_visitors_are_answered_without_it(followed: Followed) -> None:
    followed.replica.stop()
    for number in range(20):
        began = time.monotonic()
        answer = followed.api.post("assignments/", json={"visitor_id": f"visitor-{number}"})
        assert answer.status_code == httpx.codes.OK
        assert time.monotonic() - began < 1
    page = followed.browser.get(followed.experiments())
    assert page.status_code == httpx.codes.OK
    followed.replica.ensure_running()


def test_its_address_is_read_as_that_of_the_database() -> None:
    with pytest.raises(ImproperlyConfigured, match="GLOZR_REPLICA_URL must begin"):
        database_configs({"GLOZR_REPLICA_URL": "mysql://there"})
    configs = database_configs({"GLOZR_REPLICA_URL": "postgres://reader@copy/glozr"})
    assert configs["replica"]["HOST"] == "copy"
