from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.models import Agent
from experiments.visitors.erasing import erase_visitor


class Command(BaseCommand):
    help = (
        "Remove a visitor's conversations, messages and leads, and the id itself. What the "
        "visitor counted for stays in the figures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agent", type=UUID)
        parser.add_argument("visitor_id")

    def handle(self, *args: Any, **options: Any) -> None:
        agent = Agent.objects.select_related("workspace").filter(pk=options["agent"]).first()
        if agent is None:
            raise CommandError(f"There is no agent {options['agent']}.")
        erased = erase_visitor(agent, options["visitor_id"], by=None)
        self.stdout.write(
            f"Erased {erased.conversations} conversations and {erased.leads} leads, kept under "
            f"{erased.ids} ids."
        )
