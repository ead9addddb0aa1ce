"""How many conversations got which prompt is read by an index, made beside traffic."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("agents", "0071_first_revisions")]

    operations = [
        AddIndexConcurrently(
            "conversation",
            models.Index(
                fields=["agent", "variant_id", "revision"],
                name="conversations_by_prompt",
                condition=models.Q(variant_id__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "conversation",
            models.Index(
                fields=["agent", "variant_id"],
                name="conversations_reached",
                condition=models.Q(reached_by__isnull=False),
            ),
        ),
    ]
