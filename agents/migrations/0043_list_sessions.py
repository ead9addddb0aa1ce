"""List the sessions that are open, so that signing out everywhere means all of them."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

_AT_ONCE = 1_000


def list_sessions(apps: Any, schema_editor: object) -> None:
    session_model = apps.get_model("sessions", "Session")
    listed = apps.get_model("agents", "UserSession")
    people = set(apps.get_model("agents", "User").objects.values_list("pk", flat=True))
    decode = SessionStore().decode
    rows = []
    living = session_model.objects.filter(expire_date__gt=timezone.now())
    for session in living.iterator(_AT_ONCE):
        user = decode(session.session_data).get("_auth_user_id", "")
        if user.isdigit() and int(user) in people:
            rows.append(listed(key=session.session_key, user_id=int(user), network="unknown"))
    listed.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0042_second_factor_required"),
        ("sessions", "0001_initial"),
    ]
    operations = [migrations.RunPython(list_sessions, migrations.RunPython.noop)]
