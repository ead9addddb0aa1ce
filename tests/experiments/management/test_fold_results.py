"""Folding goes on until nothing is pending, or until it is told to end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bench.stack import PROJECT
from experiments.models import Experiment, PendingCount, VariantTotals
from experiments.results import rollup
from tests.factories import AgentFactory, unused_id
from tests.roles import Cast
from tests.runtime import Runtime

FOLDING = "folding-of-a-test"  # how its connections are called


@pytest.mark.django_db
class TestFoldingOnce:
    def test_leaves_nothing_pending_of_any_agent(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rollup, "AGENTS_AT_ONCE", 2)
        for agent in AgentFactory.create_batch(5, workspace=cast.workspace):
            PendingCount.objects.create(agent=agent, visitor_id="ada")
        call_command("fold_results", "--once")
        assert not PendingCount.objects.exists()

    def test_the_command_folds_everything(self, runtime: Runtime, experiment: Experiment) -> None:
        runtime.say("ada", unused_id())
        call_command("fold_results", "--once")
        assert not PendingCount.objects.exists()
        assert VariantTotals.objects.get().sums.visitors == 1

    @pytest.mark.parametrize("pause", ["0", "-1", "nan", "soon", "1e9"])
    def test_a_pause_that_is_none_is_refused(self, pause: str) -> None:
        with pytest.raises(CommandError, match="is not from"):
            call_command("fold_results", "--forever", f"--every={pause}")

    def test_how_long_has_to_be_said(self) -> None:
        with pytest.raises(CommandError, match="--once --forever"):
            call_command("fold_results")


@contextmanager
def folding_forever(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """`fold_results --forever` as a process of its own, on the database of the test."""
    at = connection.get_connection_params()
    place = {key: at[key] for key in ("host", "port", "dbname", "user", "password") if at.get(key)}
    place["application_name"] = FOLDING
    process = subprocess.Popen(
        [sys.executable, "manage.py", "fold_results", "--forever", *options],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": f"postgresql:///?{urlencode(place)}"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_all_is_folded(process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 20
    while PendingCount.objects.exists():
        assert process.poll() is None, "It has ended."
        assert time.monotonic() < give_up, "It does not fold."
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
class TestFoldingForever:
    def test_folds_what_comes_and_ends_when_told_to(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        with folding_forever("--every=0.1") as process:
            for visitors in (1, 2):
                runtime.say(f"visitor-{visitors}", unused_id())
                wait_until_all_is_folded(process)
                assert sum(row.sums.visitors for row in VariantTotals.objects.all()) == visitors
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0

    def test_does_not_finish_its_pause_first(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.say("ada", unused_id())
        with folding_forever("--every=3600") as process:
            wait_until_all_is_folded(process)
            process.send_signal(signal.SIGINT)
            assert process.wait(5) == 0

    def test_outlives_a_connection_that_breaks(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        with folding_forever("--every=0.1") as process:
            runtime.say("ada", unused_id())
            wait_until_all_is_folded(process)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = %s",
                    [FOLDING],
                )
                assert cursor.fetchall()
            runtime.say("bob", unused_id())
            wait_until_all_is_folded(process)
