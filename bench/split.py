"""Does the test of the split keep its promise, and how soon does it find a fault?

    python -m bench.split [--runs 20000] [--seed 4]

Experiments are simulated visitor by visitor up to 20,000 and looked at after every one. Where
visitors are split as the weights say, at most 0.1% may ever ring the alarm. Beside it the
textbook's chi-square under 0.001, read at every look, and after how many visitors each finds a
fault in half and in nine tenths of the experiments.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.special import chdtri

from experiments.results.verdicts import SAMPLE_RATIO_ALARM
from experiments.statistics.sample_ratio import PRIOR_VISITORS, watched_p_value

VISITORS = 20_000
RUNS_AT_ONCE = 100
CHI_SQUARE_FROM = 10
"""Expected visitors in the smallest variant from which on chi-square is read at all."""
RESULTS = Path(__file__).parent / "results" / "split.json"

Ranks = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """How visitors ought to be split, and how they are."""

    name: str
    weights: tuple[int, ...]
    actual: tuple[float, ...]


CASES = (
    Case("1:1", (1, 1), (0.5, 0.5)),
    Case("1:20", (1, 20), (1 / 21, 20 / 21)),
    Case("five variants", (1, 1, 1, 1, 1), (0.2,) * 5),
    Case("48:52 of 1:1", (1, 1), (0.48, 0.52)),
    Case("45:55 of 1:1", (1, 1), (0.45, 0.55)),
    Case("nobody gets the second of 1:1", (1, 1), (1.0, 0.0)),
)


@dataclass(frozen=True)
class Outcome:
    """Shares of runs that ever rang, and the visitors until half and nine tenths of them did."""

    case: str
    runs: int
    watched: float
    watched_half: float | None
    watched_most: float | None
    chi_square: float
    chi_square_half: float | None
    chi_square_most: float | None


def first_alarms(case: Case, runs: int, source: np.random.Generator) -> tuple[Ranks, Ranks]:
    """For each run the visitor at whom the alarm first rings, by either test; infinite if never."""
    shares = np.array(case.weights) / sum(case.weights)
    arms = source.choice(len(shares), size=(runs, VISITORS), p=np.array(case.actual))
    looks = np.arange(1, VISITORS + 1)
    chi_square = np.zeros((runs, VISITORS))
    evidence = [np.zeros((runs, VISITORS)) for _ in PRIOR_VISITORS]
    for arm, share in enumerate(shares):
        is_here = arms == arm
        seen = np.cumsum(is_here, axis=1)
        chi_square += (seen - looks * share) ** 2 / (looks * share)
        for prior, total in zip(PRIOR_VISITORS, evidence, strict=True):
            # A visitor multiplies the Bayes factor by what was expected of the arm so far.
            step = np.log((prior * share + seen - 1) / (prior + looks - 1) / share)
            total += np.where(is_here, step, 0.0)
    mixture = np.logaddexp(*(np.cumsum(each, axis=1) for each in evidence)) - math.log(2)
    chi_square[:, looks * shares.min() < CHI_SQUARE_FROM] = 0.0
    put_to_the_product(arms[0], case, mixture[0])
    limit = chdtri(len(shares) - 1, SAMPLE_RATIO_ALARM)
    return _first(mixture > -math.log(SAMPLE_RATIO_ALARM)), _first(chi_square > limit)


def put_to_the_product(arms: NDArray[np.int64], case: Case, evidence: Ranks) -> None:
    """A run's whole path to the function that results are made with; ends where they disagree."""
    path = np.cumsum(arms[:, None] == np.arange(len(case.weights)), axis=0)
    found = watched_p_value(path, case.weights)
    expected = math.exp(-max(0.0, float(evidence.max())))
    if found is None or not math.isclose(found, expected, rel_tol=1e-6):
        sys.exit(f"The product says {found} where the simulation says {expected}.")


def _first(rings: NDArray[np.bool_]) -> Ranks:
    return np.where(rings.any(axis=1), rings.argmax(axis=1) + 1.0, np.inf)


def simulate(case: Case, *, runs: int, seed: int) -> Outcome:
    source = np.random.default_rng(seed)
    batches = [
        first_alarms(case, RUNS_AT_ONCE, source)
        for _ in track(range(-(-runs // RUNS_AT_ONCE)), case.name, transient=True)
    ]
    watched, chi_square = (np.concatenate(each) for each in zip(*batches, strict=True))
    return Outcome(
        case.name,
        len(watched),
        float(np.isfinite(watched).mean()),
        *_reach(watched),
        float(np.isfinite(chi_square).mean()),
        *_reach(chi_square),
    )


def _reach(first: Ranks) -> tuple[float | None, float | None]:
    half, most = (float(np.quantile(first, share, method="higher")) for share in (0.5, 0.9))
    return (half if math.isfinite(half) else None), (most if math.isfinite(most) else None)


def show(outcomes: Sequence[Outcome]) -> None:
    table = Table("split", "runs", "watched rings", "half / 90% by", "chi-square", "half / 90% by")
    for one in outcomes:
        table.add_row(
            one.case,
            f"{one.runs:,}",
            f"{one.watched:.2%}",
            f"{_visitors(one.watched_half)} / {_visitors(one.watched_most)}",
            f"{one.chi_square:.2%}",
            f"{_visitors(one.chi_square_half)} / {_visitors(one.chi_square_most)}",
        )
    Console().print(table)


def _visitors(number: float | None) -> str:
    return "never" if number is None else f"{number:,.0f}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.split", description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args(arguments)
    outcomes = [simulate(case, runs=options.runs, seed=options.seed) for case in CASES]
    show(outcomes)
    RESULTS.write_text(json.dumps([asdict(one) for one in outcomes], indent=1) + "\n")
    false_alarms = [one for one, case in zip(outcomes, CASES, strict=True) if _is_fair(case)]
    return int(any(one.watched > SAMPLE_RATIO_ALARM for one in false_alarms))


def _is_fair(case: Case) -> bool:
    return np.allclose(case.actual, np.array(case.weights) / sum(case.weights))


if __name__ == "__main__":
    sys.exit(main())
