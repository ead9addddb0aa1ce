import warnings
from typing import Any

from django.core.management.commands import makemigrations

from glozr.postgres.base import without_starting_a_server


class Command(makemigrations.Command):
    """Django's own, which compares with the history of the database: of one that runs."""

    def handle(self, *app_labels: str, **options: Any) -> None:
        with warnings.catch_warnings(), without_starting_a_server():
            warnings.filterwarnings("ignore", "Got an error checking a consistent migration")
            super().handle(*app_labels, **options)
