import asyncio
from argparse import ArgumentTypeError
from typing import Any
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

from experiments.traffic import Behaviour, Outcome, Site, send_visitors

USUAL = Behaviour()


def variant_behaviour(text: str) -> tuple[str, dict[str, float]]:
    """`Aria:leads=0.12,messages=6` as a name and what differs from the usual."""
    name, _, settings = text.rpartition(":")
    try:
        pairs = dict(setting.split("=") for setting in settings.split(","))
        changes = {key: float(value) for key, value in pairs.items()}
        Behaviour(**changes)
    except (ValueError, TypeError) as error:
        raise ArgumentTypeError(f"{text} is not like Aria:leads=0.12,messages=6") from error
    return name, changes


class Command(BaseCommand):
    help = "Send simulated visitors through the real HTTP API."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agent", type=UUID, required=True, metavar="ID")
        parser.add_argument("--token", required=True, help="A key with the ability runtime.")
        parser.add_argument("--visitors", type=int, default=500, metavar="N")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", metavar="URL")
        parser.add_argument("--concurrency", type=int, default=8, metavar="N")
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
        usual = {"leads": options["leads"], "messages": options["messages"]}
        site = Site(
            base_url=options["base_url"],
            agent=options["agent"],
            token=options["token"],
            usual=Behaviour(**usual),
            by_variant={
                name: Behaviour(**{**usual, **changes}) for name, changes in options["variants"]
            },
            seed=options["seed"],
        )
        outcome = self.send(site, options["visitors"], options["concurrency"])
        self.report(outcome)
        if outcome.failures:
            raise CommandError(
                f"{len(outcome.failures)} visitors failed, first: {outcome.failures[0]}"
            )

    def send(self, site: Site, visitors: int, concurrency: int) -> Outcome:
        columns = (
            TextColumn("Visitors"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns) as progress:
            task = progress.add_task("Visitors", total=visitors)
            return asyncio.run(
                send_visitors(
                    site,
                    visitors=visitors,
                    concurrency=concurrency,
                    arrived=lambda: progress.advance(task),
                )
            )

    def report(self, outcome: Outcome) -> None:
        table = Table("Variant", "Visitors", "Messages", "Leads", "Lead rate")
        for name, tally in sorted(outcome.tallies.items()):
            rate = f"{tally.leads / tally.visitors:.1%}" if tally.visitors else ""
            table.add_row(name, str(tally.visitors), str(tally.messages), str(tally.leads), rate)
        Console().print(table)
