"""Simulated visitors over real HTTP: what the command says is what the database holds."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django.live_server_helper import LiveServer

from agents.agents.editing import assignment_lock
from agents.models import Ability, Agent, Conversation, Lead, Message
from experiments import lifecycle
from experiments.models import Assignment, Experiment, VariantTotals
from experiments.results import rollup
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db(transaction=True)

ROW = re.compile(r"│ (.+?) +│ (\d+) +│ (\d+) +│ (\d+) +│ +(.*?) *│")


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


class Crowd:
    """Sends visitors to the live server, and reads what the command says of them."""

    def __init__(self, agent: Agent, url: str, read: pytest.CaptureFixture[str]) -> None:
        self.agent = agent
        self.url = url
        self.read = read
        self.key = Runtime.of(agent, Ability.RUNTIME).key

    def arguments(self, *options: str, **more: str) -> list[str]:
        given = {"agent": str(self.agent.pk), "token": self.key, "base-url": self.url, **more}
        return [*(f"--{name}={value}" for name, value in given.items()), *options]

    def send(self, visitors: int, *options: str, **more: str) -> dict[str, tuple[int, int, int]]:
        """For each variant that the command names: visitors, messages, leads."""
        arguments = self.arguments(f"--visitors={visitors}", *options, **more)
        call_command("simulate_traffic", *arguments)
        said = self.read.readouterr()
        assert f"{visitors}/{visitors}" in said.out
        self.warning = said.err
        return {
            name: (int(came), int(said), int(left))
            for name, came, said, left, _ in ROW.findall(said.out)
        }

    def refusal(self, *options: str, **more: str) -> str:
        with pytest.raises(CommandError) as refusal:
            call_command("simulate_traffic", *self.arguments(*options, **more))
        return str(refusal.value)


@pytest.fixture(autouse=True)
def _no_loop_of_a_browser() -> Iterator[None]:
    """Playwright leaves its event loop running in this thread, where the command starts its own."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture
def crowd(agent: Agent, live_server: LiveServer, capsys: pytest.CaptureFixture[str]) -> Crowd:
    return Crowd(agent, str(live_server), capsys)


def stored(experiment: Experiment) -> dict[str, tuple[int, int, int]]:
    """The same figures, counted in the raw rows."""
    figures = {
        variant.name: (
            Assignment.objects.filter(variant=variant).count(),
            Message.objects.filter(
                role="visitor",
                conversation__in=Conversation.objects.filter(variant_id=variant.pk),
            ).count(),
            Lead.objects.filter(
                visitor_id__in=Assignment.objects.filter(variant=variant).values("visitor_id")
            ).count(),
        )
        for variant in experiment.variants.all()
    }
    return {name: counted for name, counted in figures.items() if any(counted)}


def test_what_it_reports_is_what_is_stored(crowd: Crowd, experiment: Experiment) -> None:
    reported = crowd.send(20, "--leads=0.5", "--messages=2", "--seed=1")
    assert reported == stored(experiment)
    assert sum(visitors for visitors, _, _ in reported.values()) == 20
    assert Conversation.objects.count() > 20  # some came back


def test_a_lift_that_is_put_in_can_be_found_in_the_results(
    crowd: Crowd, experiment: Experiment
) -> None:
    crowd.send(30, "--leads=0", "--messages=1", "--variant=treatment:leads=1,messages=4")
    assert rollup.bring_up_to_date(experiment.agent_id, seconds=10)
    control, treatment = experiment.variants.all()
    totals = {total.variant_id: total.sums for total in VariantTotals.objects.all()}
    assert totals[control.pk].converted == 0
    assert totals[treatment.pk].converted == totals[treatment.pk].visitors > 0
    of_control, of_treatment = (
        totals[variant.pk].messages / totals[variant.pk].visitors
        for variant in (control, treatment)
    )
    assert of_treatment > 1.5 * of_control


def test_without_an_experiment_visitors_come_all_the_same(crowd: Crowd) -> None:
    assert crowd.send(3, "--messages=1")["no variant"][0] == 3
    assert Conversation.objects.filter(variant_id=None).count() >= 3


def test_the_same_seed_sends_the_same_visitors(crowd: Crowd, experiment: Experiment) -> None:
    crowd.send(5, "--messages=1", "--seed=7")
    crowd.send(5, "--messages=1", "--seed=7")
    assert Assignment.objects.count() == 5


def waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return int(cursor.fetchone()[0])


class HeldUp(Thread):
    """Keeps assignments waiting until `waiting` do at once, and `then` for some seconds more."""

    def __init__(self, agent: Agent, *, waiting: int, then: float) -> None:
        super().__init__()
        self.agent, self.waiting, self.then = agent, waiting, then
        self.has_begun = threading.Event()
        self.most = 0

    def run(self) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [assignment_lock(self.agent.pk)])
                self.has_begun.set()
                self.watch(10, until=self.waiting)
                self.watch(self.then)
        finally:
            connection.close()

    def watch(self, seconds: float, *, until: int | None = None) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and (until is None or self.most < until):
            self.most = max(self.most, waiting_for_locks())
            time.sleep(0.01)

    def __enter__(self) -> "HeldUp":
        self.start()
        self.has_begun.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.join()


def test_visitors_come_at_once_and_no_more_than_were_asked_for(
    crowd: Crowd, experiment: Experiment
) -> None:
    with HeldUp(experiment.agent, waiting=3, then=0.3) as held_up:
        reported = crowd.send(8, "--messages=1", "--concurrency=3")
    assert held_up.most == 3
    assert reported == stored(experiment)


def test_they_keep_coming_one_by_one(
    crowd: Crowd, experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("simulate_traffic", *crowd.arguments("--per-minute=6000", "--visitors=3"))
    assert capsys.readouterr().out == ""
    assert Assignment.objects.filter(experiment=experiment).count() == 3
    assert crowd.refusal("--per-minute=0") == "--per-minute is a number above 0"


def test_a_service_that_is_away_for_a_moment_loses_no_visitor(
    crowd: Crowd, experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock is held until calls are answered with 503, and they are sent again."""
    with HeldUp(experiment.agent, waiting=1, then=1.8):
        reported = crowd.send(2, "--messages=1")
    assert 503 in {getattr(record, "status", None) for record in caplog.records}
    assert sum(visitors for visitors, _, _ in reported.values()) == 2
    assert reported == stored(experiment)


def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert crowd.send(1, "--messages=1")


def test_a_behaviour_that_nobody_showed_is_told(crowd: Crowd, experiment: Experiment) -> None:
    crowd.send(1, "--messages=1", "--variant=Arai:leads=1")
    assert "No visitor got a variant called Arai" in crowd.warning


class TestFailures:
    def test_a_token_that_may_not_call(self, crowd: Crowd) -> None:
        crowd.key = Runtime.of(crowd.agent, Ability.READ).key
        refusal = crowd.refusal("--visitors=2")
        assert refusal.startswith("2 visitors failed, first: 403 This token lacks the ability")

    def test_a_token_that_is_none(self, crowd: Crowd) -> None:
        assert "first: 401 " in crowd.refusal("--visitors=1", token="glz_nonsense")

    def test_an_agent_that_is_not_there(self, crowd: Crowd) -> None:
        assert "first: 404 " in crowd.refusal("--visitors=1", agent=unused_id())

    @pytest.mark.parametrize("address", ["http://127.0.0.1:1", "127.0.0.1:8000", "http://[::1", ""])
    def test_an_address_where_nothing_answers_is_told_at_once(
        self, crowd: Crowd, address: str
    ) -> None:
        crowd.url = address
        began = time.monotonic()
        assert crowd.refusal().startswith(f"Nothing answers at {address} (")
        assert time.monotonic() - began < 5

    def test_a_site_that_is_not_ours(self, crowd: Crowd) -> None:
        crowd.url += "/somewhere/else"
        assert "first: 404 " in crowd.refusal("--visitors=1")

    @pytest.mark.parametrize(
        ("option", "said"),
        [
            ("--visitors=0", "not a whole number"),
            ("--visitors=-5", "not a whole number"),
            ("--concurrency=0", "not a whole number"),
            ("--leads=12", "leads is a share from 0 to 1"),
            ("--leads=nan", "leads is a share from 0 to 1"),
            ("--messages=0", "messages is a mean from 1"),
            ("--messages=inf", "messages is a mean from 1"),
            ("--variant=Aria:leads=12", "leads is a share from 0 to 1"),
            ("--variant=Aria:lead=0.1", "is not like Aria:leads=0.12,messages=6"),
            ("--variant=Aria", "is not like"),
            ("--variant=leads=0.1", "is not like"),
            ("--variant=Aria:leads=", "is not like"),
            ("--agent=nonsense", "invalid UUID value"),
        ],
    )
    def test_a_mistyped_option(self, crowd: Crowd, option: str, said: str) -> None:
        assert said in crowd.refusal(option)
