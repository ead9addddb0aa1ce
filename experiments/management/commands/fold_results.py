import logging
import signal
from argparse import ArgumentTypeError
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from experiments.results import rollup

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 3_600.0

log = logging.getLogger("glozr.rollup")


class Command(BaseCommand):
    """Alone, for who folds at times of their own; `run_background` does it with all the rest."""

    help = "Fold what visitors did into the summaries that results are read from."

    def add_arguments(self, parser: CommandParser) -> None:
        how_long = parser.add_mutually_exclusive_group(required=True)
        how_long.add_argument("--once", action="store_true", help="Until nothing is pending.")
        how_long.add_argument("--forever", action="store_true", help="Until it is stopped.")
        parser.add_argument("--every", type=seconds, default=10.0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = Event()
        if options["once"]:
            while rollup.fold_all():
                pass
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            try:
                rollup.fold_all(stopped.is_set)
            except (OperationalError, InterfaceError) as error:
                log.warning("The database is away: %s", type(error).__name__)
                connection.close()
            stopped.wait(options["every"])


def seconds(text: str) -> float:
    """For an argument: a pause that is one."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not SHORTEST_PAUSE <= number <= LONGEST_PAUSE:
        raise ArgumentTypeError(f"{text} is not from {SHORTEST_PAUSE:g} to {LONGEST_PAUSE:g}")
    return number
