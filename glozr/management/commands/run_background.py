import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from glozr import background


class Command(BaseCommand):
    requires_system_checks = ()  # which load all addresses and views; nobody comes to them here
    help = "Do what goes on beside requests: fold results, send mail, clear what is over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Each step once, then end.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            if not background.take_all_once():
                raise CommandError("Not every step went well; the log says which and why.")
            return
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        background.run_until(stopped)
