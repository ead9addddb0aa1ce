"""Break things under load, and check that nothing is lost and the service comes back by itself.

python -m bench.chaos [--seconds 240] [--seed N] [--clients 12] [--small]

Clients retry and write down every attempt; faults follow one another in random order, all of them
before any comes again; experiments are started, stopped, superseded and deleted all the while. Then
experiments are ended and started by schedule, without a background process and with two, and at the
end come clients that are slow on purpose. The logs are compared with the database. The seed settles
what is done in which order, not how it falls out in time. Figures go to the terminal and to
bench/results/; exits 1 if anything is not as it must be.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random, SystemRandom
from types import FrameType
from uuid import uuid4

import psycopg

from bench.chaos.checks import Check, Evidence, Rows, judge, read
from bench.chaos.clients import Client, Crowd, Ending, Probe, Visits
from bench.chaos.faults import FAULTS, Injected, Scene, inject
from bench.chaos.lifecycle import Operator
from bench.chaos.report import Outcome, Plan, keep, report
from bench.chaos.schedules import keep_to_schedules
from bench.chaos.slow import Crowding, slow_clients
from bench.stack import Stack

AGENTS = 3
DATABASE_SETTINGS = {"max_connections": "40"}
LEFT_OUT = {
    "every worker killed at once",
    "PostgreSQL's first process killed",
    "PostgreSQL and every worker killed",
    "every connection taken",
}
FOLDING = (sys.executable, "manage.py", "fold_results", "--forever", "--every", "1")
INSERT_AGENT = """
INSERT INTO agents (id, workspace_id, name, persona, system_prompt, config_version, created_at)
VALUES (%s, %s, %s, '{"name": "Max", "tone": "polite"}', '', 1, now())"""
VERIFY = """
from django.core.management import CommandError, call_command
from experiments.models import Experiment
import io
for experiment in Experiment.with_tombstones.filter(assignments__isnull=False).distinct():
    said = io.StringIO()
    try:
        call_command("verify_results", str(experiment.pk), stdout=said, stderr=said)
        print("VERIFIED")
    except CommandError as error:
        print("DIFFERS", experiment.pk, error, said.getvalue().replace("\\n", "; "))
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    parser.add_argument("--seconds", type=float, default=240, help="Faults are done for so long.")
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument(
        "--small", action="store_true", help="As the tests do it: once, few clients."
    )
    options = parser.parse_args()
    if options.small:
        plan = small_plan(options.seed)
    else:
        plan = Plan(
            options.seed, options.seconds, options.clients, hold_seconds=2, crowding=Crowding()
        )
    signal.signal(signal.SIGTERM, _end)
    print(f"Seed {plan.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="glozr-chaos-") as folder:
        with closing(ruins(Path(folder))) as stack:
            outcome = run(stack, plan, announce=print_fault)
        report(outcome)
        if not options.small:
            keep(outcome)
        if not outcome.is_passed and stack.log is not None:
            print_errors(stack.log)
    return int(not outcome.is_passed)


def small_plan(seed: int) -> Plan:
    """Half a minute: once each of the faults that differ most."""
    faults = tuple(name for name in FAULTS if name not in LEFT_OUT)
    return Plan(seed, seconds=0, clients=4, hold_seconds=0.7, faults=faults)


def ruins(folder: Path) -> Stack:
    """What is to be broken: few connections, so that they are soon taken; its log in a file."""
    return Stack(folder, settings=DATABASE_SETTINGS, log=folder / "server.log")


def run(
    stack: Stack, plan: Plan, announce: Callable[[Injected], None] = lambda injected: None
) -> Outcome:
    """Break `stack`, which has not been started, as planned, and look at what is left."""
    stack.prepare()
    agents = [stack.demo["agent"], *add_agents(stack.dsn(), stack.demo["workspace"], AGENTS - 1)]
    before = stored(stack, agents).history
    stack.start_server()
    folding = stack.start(FOLDING)
    try:
        evidence = break_under_load(stack, plan, agents, Counter(before), announce)
        fate = folding_fate(stack, folding)
        others = add_agents(stack.dsn(), stack.demo["workspace"], AGENTS)
        kept = keep_to_schedules(stack, others, plan.clients)
    finally:
        stack.stop(folding)
    stack.postgres.ensure_running()
    slow, figures = slow_clients(stack, plan.crowding) if plan.crowding else ([], {})
    checks = [*judge(evidence, stored(stack, agents)), *kept, fate, *slow, verified(stack)]
    return Outcome(plan, evidence, checks, figures)


def add_agents(dsn: str, workspace: str, number: int) -> list[str]:
    ids = [str(uuid4()) for _ in range(number)]
    with psycopg.connect(dsn) as connection:
        for position, agent in enumerate(ids):
            connection.execute(INSERT_AGENT, [agent, workspace, f"Agent {position}"])
    return ids


def stored(stack: Stack, agents: Sequence[str]) -> Rows:
    with psycopg.connect(stack.dsn()) as connection:
        return read(connection, agents)


def break_under_load(
    stack: Stack,
    plan: Plan,
    agents: Sequence[str],
    history: Counter[tuple[str, str]],
    announce: Callable[[Injected], None],
) -> Evidence:
    random, ending = Random(plan.seed), Ending()
    injected: list[Injected] = []
    token = stack.demo["token"]

    def another() -> Random:
        return Random(random.getrandbits(64))

    operators = [Operator(stack.url, token, agent, another(), ending) for agent in agents]
    for operator in operators:
        operator.look()
    crowd = Crowd(agents, another())
    visits = [
        Visits(Client(stack.url, token, ending), crowd, another()) for _ in range(plan.clients)
    ]
    probe = Probe(Client(stack.url, token, ending), agents[0], another())
    scene = Scene(stack, agents[0], another(), plan.hold_seconds)
    players: list[Operator | Visits | Probe] = [*operators, *visits, probe]
    with ThreadPoolExecutor(len(players)) as pool:
        playing = [pool.submit(player.run) for player in players]
        try:
            time.sleep(1)
            for one in inject(scene, probe, faults(plan, another())):
                injected.append(one)
                announce(one)
        except BaseException:
            ending.at_once.set()
            raise
        finally:
            ending.asked.set()
    for player in playing:
        player.result()
    clients = [one.client for one in visits]
    return Evidence(
        attempts=[*(attempt for client in clients for attempt in client.log), *probe.client.log],
        given_up=[call for client in clients for call in client.given_up],
        injected=injected,
        steps={operator.agent: operator.steps for operator in operators},
        history=sum((operator.history for operator in operators), history),
        status={key: value for operator in operators for key, value in operator.status.items()},
        operator_statuses=sum((operator.statuses for operator in operators), Counter()),
        operator_problems=[problem for one in operators for problem in one.problems],
    )


def faults(plan: Plan, random: Random) -> Iterator[str]:
    """Rounds of all the plan's faults, each in an order of its own, until the time is over."""
    ends = time.monotonic() + plan.seconds
    while True:
        yield from random.sample(plan.faults, len(plan.faults))
        if time.monotonic() >= ends:
            return


def folding_fate(stack: Stack, folding: subprocess.Popen[bytes]) -> Check:
    check = Check("folding went on through all of it, and ended when asked")
    code = folding.poll()
    check.expect(code is None, f"it had ended with {code}")
    if code is None:
        code = stack.stop(folding)
        check.expect(code == 0, f"it ended with {code}")
    return check


def verified(stack: Stack) -> Check:
    """Fold the rest, and have `verify_results` work out every experiment's figures anew."""
    check = Check("the summaries equal the raw rows")
    stack.manage("fold_results", "--once")
    for line in stack.manage("shell", "--no-imports", "--command", VERIFY).splitlines():
        check.expect(line == "VERIFIED", line)
    return check


def print_fault(injected: Injected) -> None:
    well = injected.seconds_from_end
    back = "NOT back" if well is None else f"back {well:.2f} s after its end"
    print(f"{injected.ended - injected.began:6.2f} s  {injected.fault}: {back}", flush=True)


def print_errors(log: Path) -> None:
    """The latest of what the server wrote, but for its lines about refused requests."""
    lines = log.read_text(errors="replace").splitlines()
    told = [line for line in lines if '"request"' not in line and "Unavailable" not in line]
    print("\n".join(told[-40:]), file=sys.stderr)


def _end(number: int, frame: FrameType | None) -> None:
    """Leave as from Ctrl-C, so that nothing stays behind."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
