"""Do both designs keep their promises? Thousands of simulated experiments say.

    python -m bench.simulation [watched|unruly|planned] [--runs 2000] [--seed 4]

`--runs` are those of the watched design. With unruly visitors and several variants there are five
times as many; a plan, whose false winners are to be told from 5%, takes ten times as many. Figures
are kept in `bench/results/`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from rich.console import Console

from bench.simulation import planned, unruly, watched

DESIGNS = {"watched": watched.report, "unruly": unruly.report, "planned": planned.report}
FILES = {"watched": "simulation.json", "unruly": "unruly.json", "planned": "planned.json"}
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("design", nargs="?", choices=DESIGNS, help="all, unless given")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--output", type=Path, default=RESULTS, help="a folder")
    options = parser.parse_args()
    console = Console(width=120)
    options.output.mkdir(parents=True, exist_ok=True)
    for design in [options.design] if options.design else DESIGNS:
        started = time.monotonic()
        found = DESIGNS[design](console, options.runs, options.seed)
        seconds = round(time.monotonic() - started, 1)
        console.print(f"{seconds:.0f} s, seed {options.seed}")
        kept = {"seed": options.seed, "seconds": seconds, **found}
        (options.output / FILES[design]).write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
