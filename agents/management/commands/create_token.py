from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.models import Ability, Workspace
from agents.workspaces import tokens
from glozr.errors import Conflict, Invalid


class Command(BaseCommand):
    help = "Create an API token and print its key, which can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="Its id, or its name where that is unique.")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--ability", action="append", required=True, choices=Ability.values, dest="abilities"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, key = tokens.create_token(
                workspace=self.workspace(options["workspace"]),
                name=options["name"],
                abilities=options["abilities"],
            )
        except Invalid as error:
            raise CommandError(error.in_lines()) from error
        except Conflict as error:
            raise CommandError(error.detail) from error
        self.stdout.write(key)

    def workspace(self, id_or_name: str) -> Workspace:
        try:
            found = Workspace.objects.filter(pk=UUID(id_or_name))
        except ValueError:
            found = Workspace.objects.filter(name=id_or_name.strip())
        match list(found):
            case [workspace]:
                return workspace
            case []:
                raise CommandError(f"There is no workspace {id_or_name}.")
            case several:
                ids = "\n".join(f"{one.pk}  made {one.created_at:%d %B %Y}" for one in several)
                raise CommandError(
                    f"Several workspaces are called {id_or_name}. Give the id of one:\n{ids}"
                )
