"""What chaos has found, as tables and as JSON."""

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.chaos.checks import Check, Evidence
from bench.chaos.clients import Kind
from bench.chaos.faults import FAULTS, Injected
from bench.chaos.slow import Crowding
from bench.stack import PROJECT

RESULTS = PROJECT / "bench" / "results" / "chaos.json"
SHOWN_VIOLATIONS = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; for `seconds` at least, and each of `faults` at least once."""

    seed: int
    seconds: float
    clients: int
    hold_seconds: float
    """How long the database stays away, or its connections taken."""
    faults: tuple[str, ...] = tuple(FAULTS)
    crowding: Crowding | None = None
    """Of slow clients, once everything else is over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    plan: Plan
    evidence: Evidence
    checks: Sequence[Check]
    slow_clients: Mapping[str, Any]

    @property
    def is_passed(self) -> bool:
        return all(check.is_passed for check in self.checks)


def report(outcome: Outcome) -> None:
    console = Console(width=120)
    evidence = outcome.evidence
    console.print(calls_table(evidence), faults_table(evidence), checks_table(outcome.checks))
    steps = Counter(step.action for steps in evidence.steps.values() for step in steps[1:])
    console.print("Experiments: " + ", ".join(f"{times} {what}" for what, times in steps.items()))
    console.print(*slow_clients_lines(outcome.slow_clients), sep="\n")
    for check in outcome.checks:
        for violation in check.violations[:SHOWN_VIOLATIONS]:
            console.print(f"{check.name}: {violation}", markup=False)


def keep(outcome: Outcome) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(as_json(outcome), indent=1) + "\n")


def calls_table(evidence: Evidence) -> Table:
    table = Table("call")
    for heading in (
        "attempts", "acknowledged", "503", "broken off", "others", "p50 ms", "p99", "longest",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for kind, figures in calls(evidence).items():
        table.add_row(kind, *(f"{figure:,}" for figure in figures.values()))
    return table


def calls(evidence: Evidence) -> dict[str, dict[str, int]]:
    """Attempts by what came of them, and how long answers of any kind took."""
    found = {}
    for kind in Kind:
        attempts = [attempt for attempt in evidence.attempts if attempt.call.kind == kind]
        good = sum(attempt.is_acknowledged for attempt in attempts)
        refused = sum(attempt.status == 503 for attempt in attempts)
        broken = sum(attempt.status is None for attempt in attempts)
        times = sorted(1000 * (one.ended - one.began) for one in attempts if one.status is not None)
        found[kind.value] = {
            "attempts": len(attempts),
            "acknowledged": good,
            "refused": refused,
            "broken_off": broken,
            "others": len(attempts) - good - refused - broken,
            **{
                name: round(times[int(share * (len(times) - 1))])
                for name, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1.0))
                if times
            },
        }
    return found


def faults_table(evidence: Evidence) -> Table:
    table = Table(title="Seconds: median and longest")
    table.add_column("fault", no_wrap=True)
    for heading in (
        "times", "back", "silence", "", "well after its end", "", "after its beginning", "",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for name, figures in recoveries(evidence).items():
        times, back, *seconds = figures.values()
        table.add_row(name, str(times), str(back), *(f"{one:.2f}" for one in seconds))
    return table


def recoveries(evidence: Evidence) -> dict[str, dict[str, float | int]]:
    """By fault: for how long no client was answered well, and when all was well again."""
    ended = sorted(attempt.ended for attempt in evidence.acknowledged)
    by_fault: dict[str, list[Injected]] = defaultdict(list)
    for injected in evidence.injected:
        by_fault[injected.fault].append(injected)
    found: dict[str, dict[str, float | int]] = {}
    for name, times in by_fault.items():
        well = [one for one in times if one.well is not None]
        found[name] = {"times": len(times), "back": len(well)}
        for key, seconds in (
            ("silence", [silence(ended, one) for one in well]),
            ("from_end", [one.seconds_from_end or 0.0 for one in well]),
            ("from_beginning", [one.seconds_from_beginning or 0.0 for one in well]),
        ):
            found[name][f"{key}_median"] = round(statistics.median(seconds or [0.0]), 2)
            found[name][f"{key}_max"] = round(max(seconds or [0.0]), 2)
    return found


def silence(ended: Sequence[float], injected: Injected) -> float:
    """The longest time without an answer to any client, from the fault until all was well."""
    assert injected.well is not None
    until = max(injected.well, injected.ended)
    inside = [moment for moment in ended if injected.began < moment < until]
    return max(later - earlier for earlier, later in pairwise([injected.began, *inside, until]))


def slow_clients_lines(figures: Mapping[str, Any]) -> Iterator[str]:
    for when in ("before", "beside", "after"):
        if watched := figures.get(when):
            yield (
                f"Runtime {when} slow clients: {watched['per_second']:.0f} answers/s, p50 "
                f"{watched['p50']:.1f} ms, p99 {watched['p99']:.1f} ms; health took at most "
                f"{watched['health_longest']:.0f} ms"
            )
    for kind, seconds in figures.get("closed_after", {}).items():
        if seconds:
            yield f"{len(seconds)} x {kind}: closed after {seconds[0]} to {seconds[-1]} s"


def checks_table(checks: Sequence[Check]) -> Table:
    table = Table("must be so")
    for heading in ("compared", "violations", "is so"):
        table.add_column(heading, justify="right")
    for check in checks:
        verdict = "yes" if check.is_passed else "NO"
        table.add_row(check.name, f"{check.compared:,}", str(len(check.violations)), verdict)
    return table


def as_json(outcome: Outcome) -> dict[str, Any]:
    evidence = outcome.evidence
    attempts = evidence.attempts
    return {
        "plan": asdict(outcome.plan),
        "seconds": round(max(one.ended for one in attempts) - min(one.began for one in attempts)),
        "calls": calls(evidence),
        "faults": recoveries(evidence),
        "steps": Counter(step.action for steps in evidence.steps.values() for step in steps[1:]),
        "slow_clients": outcome.slow_clients,
        "checks": [
            {"name": one.name, "compared": one.compared, "violations": one.violations[:100]}
            for one in outcome.checks
        ],
    }
