import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from experiments.demo import seeding


class Command(BaseCommand):
    help = "Make the demo workspace, or find it again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument(
            "--empty", action="store_true", help="One agent whom nobody has written to yet."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        seeded = seeding.seed(with_story=not options["empty"]).as_json()
        if options["format"] == "json":
            self.stdout.write(json.dumps(seeded))
            return
        self.stdout.write(f"Workspace {seeded['workspace']}, agent {seeded['agent']}")
        self.stdout.write(f"Token     {seeded['token']}")
        for user in seeded["users"]:
            self.stdout.write(f"{user['role']:9} {user['email']}  {user['password']}")
        for experiment in seeded["experiments"]:
            self.stdout.write(f"{experiment['status']:9} {experiment['name']}")
