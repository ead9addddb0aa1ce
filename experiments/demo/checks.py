"""What `manage.py check --deploy --database default` says of the demo's data."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError

from agents.models import User
from experiments.demo.seeding import SIGN_INS


@register(Tags.database, deploy=True)
def check_demo_passwords(
    app_configs: Any, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Only where `--database` is given: Django asks no database otherwise."""
    if not databases:
        return []
    try:
        known = [one.email for one in SIGN_INS if _opens(one.email, one.password)]
    except DatabaseError:
        return []  # not migrated yet, or away: others say so
    if not known:
        return []
    return [
        Warning(
            f"Anybody may sign in as {', '.join(known)}: their passwords are in the source.",
            hint="Give them other passwords, or make them inactive in the admin.",
            id="glozr.W004",
        )
    ]


def _opens(email: str, password: str) -> bool:
    user = User.objects.filter(email=email, is_active=True).first()
    return user is not None and user.check_password(password)
