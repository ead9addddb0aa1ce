from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agents.agents.editing import create_agent
from agents.people import accounts
from agents.workspaces.editing import create_workspace
from glozr.errors import Invalid

MOST_OF_A_NAME = 100  # leaves room for what the agent's own name adds to it


class Command(BaseCommand):
    help = "Create a workspace with its Owner and a first agent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--time-zone", default="UTC", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                owner = accounts.person_of(options["owner"])
                workspace = create_workspace(
                    name=options["name"], owner=owner, time_zone=options["time_zone"]
                )
                agent = create_agent(
                    workspace=workspace,
                    name=f"{workspace.name[:MOST_OF_A_NAME]} assistant",
                    by=None,
                )
        except Invalid as error:
            raise CommandError(error.in_lines()) from error
        self.stdout.write(f"Workspace {workspace.name}: {workspace.pk}")
        self.stdout.write(f"Agent {agent.name}: {agent.pk}")
        if not owner.has_usable_password():
            self.stdout.write(
                f"{owner.email} has no password yet: reset it on the sign-in page to set one."
            )
