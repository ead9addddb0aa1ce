import logging
import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from experiments import rollup

log = logging.getLogger("glozr.rollup")


class Command(BaseCommand):
    help = "Fold what visitors did into the summaries that results are read from."

    def add_arguments(self, parser: CommandParser) -> None:
        how_long = parser.add_mutually_exclusive_group(required=True)
        how_long.add_argument("--once", action="store_true", help="Until nothing is pending.")
        how_long.add_argument("--forever", action="store_true", help="Until it is stopped.")
        parser.add_argument("--every", type=float, default=10.0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            fold_all(Event())
            return
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            try:
                fold_all(stopped)
            except (OperationalError, InterfaceError) as error:
                log.warning("The database is away: %s", type(error).__name__)
                connection.close()
            stopped.wait(options["every"])


def fold_all(stopped: Event) -> None:
    for agent_id in rollup.agents_with_pending():
        while not stopped.is_set() and rollup.fold(agent_id):
            pass
