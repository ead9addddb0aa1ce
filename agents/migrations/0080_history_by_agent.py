"""An agent's own history, from now on. The index is made beside traffic."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("agents", "0061_messages_as_they_came")]

    operations = [
        migrations.AddField(
            model_name="workspaceevent",
            name="agent",
            field=models.ForeignKey(
                db_index=False,
                help_text="Whose own history it is in as well.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="agents.agent",
            ),
        ),
        AddIndexConcurrently(
            "workspaceevent",
            models.Index(
                condition=models.Q(("agent__isnull", False)),
                fields=["agent", "-created_at", "-id"],
                name="workspace_events_of_agent",
            ),
        ),
    ]
