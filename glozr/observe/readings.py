"""Figures of the database for /metrics, that the apps register when Django starts them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class DatabaseReading:
    """`read` names a function without arguments, imported when it is first asked. It is asked on
    every scrape: it must be cheap and bounded."""

    name: str
    documentation: str
    read: str

    def value(self) -> float:
        read: Callable[[], float] = import_string(self.read)
        return read()


_readings: dict[str, DatabaseReading] = {}


def add_reading(name: str, documentation: str, read: str) -> None:
    _readings[name] = DatabaseReading(name, documentation, read)


def readings() -> Collection[DatabaseReading]:
    return _readings.values()
