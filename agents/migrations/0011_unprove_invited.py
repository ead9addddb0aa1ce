from datetime import timedelta
from typing import Any

from django.apps.registry import Apps
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.db.models import F
from django.db.models.functions import Lower
from django.utils import timezone

ONE_TRANSACTION = timedelta(minutes=1)
_AT_ONCE = 1000


def unprove_invited(apps: Apps, schema_editor: Any) -> None:
    """Take as unproven every address that an invitation alone may have confirmed, and end the
    sessions of those people; they prove it by the next mailed link that they open.

    Until now an invitation confirmed the address of whoever took it up, though whoever sent it saw
    the link. Nothing was kept of how an address came to be confirmed, so all that can be known is
    which accounts it cannot have been: those made in the transaction that made a workspace of
    theirs, as `create_workspace` and the demo make them, and never by an invitation. Nobody could
    sign in to those but by a link mailed there, or with what the operator set. A workspace that was
    given to an account made long before proves nothing, nor does having no workspace any more.

    Rows of another address than the account's own go as well: changes that were asked for, which
    may be a stranger's, and old addresses that an edit in the admin left their power.
    """
    users = apps.get_model("agents", "User")
    addresses = apps.get_model("account", "EmailAddress").objects
    addresses.exclude(email=Lower("user__email")).delete()
    born_with_a_workspace = users.objects.filter(
        memberships__workspace__created_at__gte=F("date_joined"),
        memberships__created_at__gte=F("memberships__workspace__created_at"),
        memberships__created_at__lte=F("date_joined") + ONE_TRANSACTION,
    )
    addresses.update(primary=True)
    addresses.exclude(user__in=born_with_a_workspace.values("pk")).update(verified=False)
    proven = addresses.filter(verified=True).values("user")
    unproven = users.objects.exclude(pk__in=proven).values_list("pk", flat=True)
    _end_sessions(apps, {str(pk) for pk in unproven.iterator(_AT_ONCE)})


def _end_sessions(apps: Apps, unproven: set[str]) -> None:
    sessions = apps.get_model("sessions", "Session").objects
    living = sessions.filter(expire_date__gt=timezone.now()).iterator(_AT_ONCE)
    decode = SessionStore().decode
    ended = [
        session.pk
        for session in living
        if str(decode(session.session_data).get("_auth_user_id", "")) in unproven
    ]
    for start in range(0, len(ended), _AT_ONCE):
        sessions.filter(pk__in=ended[start : start + _AT_ONCE]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0010_proof_of_addresses"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("sessions", "0001_initial"),
    ]
    operations = [migrations.RunPython(unprove_invited, migrations.RunPython.noop, elidable=True)]
