from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agents.models import Ability, Workspace
from agents.workspaces import tokens
from glozr.errors import Conflict, Invalid

LONGEST_DAYS = 3_650


class Command(BaseCommand):
    help = "Create an API token and print its key, which can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="Its id, or its name where that is unique.")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--ability", action="append", required=True, choices=Ability.values, dest="abilities"
        )
        parser.add_argument("--days", type=int, help="Refused after these; left out: never.")
        parser.add_argument(
            "--agent",
            action="append",
            type=UUID,
            default=[],
            dest="agent_ids",
            help="The id of an agent that it is for; may be repeated. Left out: all.",
        )
        parser.add_argument(
            "--network",
            action="append",
            default=[],
            dest="networks",
            help="Where it may be used from, as in 203.0.113.0/24; may be repeated.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, key = tokens.create_token(
                workspace=self.workspace(options["workspace"]),
                name=options["name"],
                abilities=options["abilities"],
                bounds=self.bounds(**options),
            )
        except Invalid as error:
            raise CommandError(error.in_lines()) from error
        except Conflict as error:
            raise CommandError(error.detail) from error
        self.stdout.write(key)

    def bounds(
        self, *, days: int | None, agent_ids: list[UUID], networks: list[str], **_: Any
    ) -> tokens.Bounds:
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days is from 1 to {LONGEST_DAYS}.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        return tokens.Bounds(expires_at, agent_ids, networks)

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
