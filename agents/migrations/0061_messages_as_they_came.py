"""The order of a transcript ends ties by arrival. Indexes are made and dropped beside traffic."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("agents", "0060_leads_again")]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["conversation", "sent_at", "received_at", "id"],
                name="messages_as_they_came",
            ),
        ),
        RemoveIndexConcurrently("message", "messages_in_order"),
    ]
