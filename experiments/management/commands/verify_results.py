from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.models import Experiment
from experiments.results import rollup, verification


class Command(BaseCommand):
    help = (
        "Work out an experiment's figures from the raw rows and compare them with the summaries "
        "and with what the results page shows. Fails, naming each difference."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("experiment", type=UUID)
        parser.add_argument(
            "--repair", action="store_true", help="Rebuild the summaries where they differ."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        experiment = Experiment.with_tombstones.filter(pk=options["experiment"]).first()
        if experiment is None:
            raise CommandError(f"There is no experiment {options['experiment']}.")
        found = verification.departures(experiment)
        if found and options["repair"]:
            self.report(found)
            rollup.rebuild(experiment.agent_id, experiment.pk)
            found = verification.departures(experiment)
        if found:
            self.report(found)
            raise CommandError(f"{experiment.name}: {len(found)} figures differ.")
        self.stdout.write(f"{experiment.name}: every figure equals the raw rows.")

    def report(self, found: list[str]) -> None:
        for line in found:
            self.stderr.write(line)
