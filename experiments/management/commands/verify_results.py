from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.models import Experiment
from experiments.results import rollup, verification


class Command(BaseCommand):
    help = (
        "Work out an experiment's figures from the raw rows and compare them with the summaries "
        "and with what the results page shows; of every experiment, unless one is named. Fails, "
        "naming each difference."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("experiment", type=UUID, nargs="?")
        parser.add_argument(
            "--repair", action="store_true", help="Rebuild the summaries where they differ."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        one: UUID | None = options["experiment"]
        if one is not None and not Experiment.with_tombstones.filter(pk=one).exists():
            raise CommandError(f"There is no experiment {one}.")
        asked = Experiment.objects.order_by("id").values_list("id", flat=True)
        differing = [
            told
            for experiment in ([one] if one else list(asked))
            if (told := self.verify(experiment, repairs=options["repair"]))
        ]
        if differing:
            raise CommandError("\n".join(differing))

    def verify(self, experiment_id: UUID, *, repairs: bool) -> str:
        """How many figures differ, in words; empty if none does."""
        experiment = Experiment.with_tombstones.filter(pk=experiment_id).first()
        if experiment is None:  # deleted meanwhile
            return ""
        found = verification.departures(experiment)
        if found and repairs:
            self.report(found)
            rollup.rebuild(experiment.agent_id, experiment.pk)
            found = verification.departures(experiment)
        if found:
            self.report(found)
            return f"{experiment.name}: {len(found)} figures differ."
        self.stdout.write(f"{experiment.name}: every figure equals the raw rows.")
        return ""

    def report(self, found: list[str]) -> None:
        for line in found:
            self.stderr.write(line)
