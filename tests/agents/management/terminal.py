"""A command as an operator types it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def said_by(command: str, *arguments: str, **options: Any) -> str:
    said = StringIO()
    call_command(command, *arguments, stdout=said, **options)
    return said.getvalue()


def refusal_of(command: str, *arguments: str, **options: Any) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command(command, *arguments, **options)
    return str(refusal.value)
