import asyncio
import signal
import sys
from argparse import ArgumentTypeError
from collections.abc import Awaitable
from dataclasses import fields
from typing import Any, TypeVar
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from experiments.demo.traffic import (
    Behaviour,
    Site,
    TrafficSent,
    Unreachable,
    keep_coming,
    send_visitors,
)

Sent = TypeVar("Sent")
USUAL = Behaviour()
BEHAVIOURS = {field.name for field in fields(Behaviour)}
STOPPED = 130  # what a shell tells of a program that Ctrl-C ended
EXAMPLE = "Aria:leads=0.12,messages=6"


def variant_behaviour(text: str) -> tuple[str, dict[str, float]]:
    """`Aria:leads=0.12,messages=6` as a name and what differs from the usual."""
    name, _, settings = text.rpartition(":")
    try:
        pairs = dict(setting.split("=") for setting in settings.split(","))
        changes = {key: float(value) for key, value in pairs.items()}
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not like {EXAMPLE}") from error
    if not name or changes.keys() - BEHAVIOURS:
        raise ArgumentTypeError(f"{text} is not like {EXAMPLE}")
    try:
        Behaviour(**changes)
    except ValueError as error:
        raise ArgumentTypeError(f"{text}: {error}") from error
    return name, changes


def at_least_one(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a whole number from 1 on")
    return int(text)


async def until_terminated(work: Awaitable[Sent]) -> Sent:
    """Let SIGTERM end the work as Ctrl-C does: the progress bar then gives the cursor back."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


class Command(BaseCommand):
    help = "Send simulated visitors through the real HTTP API."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agent", type=UUID, required=True, metavar="ID")
        parser.add_argument("--token", required=True, help="A key with the ability runtime.")
        parser.add_argument("--visitors", type=at_least_one, metavar="N", help="500 unless given.")
        parser.add_argument(
            "--per-minute",
            type=float,
            metavar="N",
            help="One after another, so many a minute, until it is ended or N have come.",
        )
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", metavar="URL")
        parser.add_argument("--concurrency", type=at_least_one, default=8, metavar="N")
        parser.add_argument("--leads", type=float, default=USUAL.leads, metavar="RATE")
        parser.add_argument("--messages", type=float, default=USUAL.messages, metavar="MEAN")
        parser.add_argument("--seed", type=int, help="Send the same visitors again.")
        parser.add_argument(
            "--variant",
            action="append",
            default=[],
            dest="variants",
            type=variant_behaviour,
            metavar="NAME:leads=RATE,messages=MEAN",
            help="How visitors of a variant differ, to put in a lift and look for it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            site = self.site(options)
            if options["per_minute"] is not None:
                self.keep_coming(site, options["per_minute"], options["visitors"])
                return
            outcome = self.send(site, options["visitors"] or 500, options["concurrency"])
        except (Unreachable, ValueError) as error:
            raise CommandError(str(error)) from error
        self.report(outcome)
        for name in site.by_variant.keys() - outcome.tallies.keys():
            self.stderr.write(f"No visitor got a variant called {name}: nobody behaved that way.")
        if outcome.failures:
            raise CommandError(
                f"{len(outcome.failures)} visitors failed, first: {outcome.failures[0]}"
            )

    def site(self, options: dict[str, Any]) -> Site:
        usual = {"leads": options["leads"], "messages": options["messages"]}
        return Site(
            base_url=options["base_url"],
            agent=options["agent"],
            token=options["token"],
            usual=Behaviour(**usual),
            by_variant={
                name: Behaviour(**{**usual, **changes}) for name, changes in options["variants"]
            },
            seed=options["seed"],
        )

    def keep_coming(self, site: Site, per_minute: float, visitors: int | None) -> None:
        if not per_minute > 0:
            raise ValueError("--per-minute is a number above 0")
        coming = keep_coming(site, per_minute=per_minute, visitors=visitors)
        try:
            asyncio.run(until_terminated(coming))
        except (KeyboardInterrupt, asyncio.CancelledError):
            sys.exit(STOPPED)

    def send(self, site: Site, visitors: int, concurrency: int) -> TrafficSent:
        columns = (
            TextColumn("Visitors"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        try:
            with Progress(*columns) as progress:
                task = progress.add_task("Visitors", total=visitors)
                return asyncio.run(
                    until_terminated(
                        send_visitors(
                            site,
                            visitors=visitors,
                            concurrency=concurrency,
                            arrived=lambda: progress.advance(task),
                        )
                    )
                )
        except (KeyboardInterrupt, asyncio.CancelledError):
            sys.exit(STOPPED)

    def report(self, outcome: TrafficSent) -> None:
        table = Table("Variant", "Visitors", "Messages", "Leads", "Lead rate")
        for name, tally in sorted(outcome.tallies.items()):
            rate = f"{tally.leads / tally.visitors:.1%}" if tally.visitors else ""
            table.add_row(name, str(tally.visitors), str(tally.messages), str(tally.leads), rate)
        Console().print(table)
