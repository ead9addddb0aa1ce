"""The check of 0095 is made of the rows that exist, and their index is made, beside traffic."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("agents", "0095_client_kind")]

    operations = [
        ValidateConstraint(model_name="conversation", name="conversations_client_known"),
        AddIndexConcurrently(
            "conversation",
            models.Index(
                fields=["agent", "visitor_id"],
                name="conversations_marked",
                condition=models.Q(("client_kind", ""), _negated=True),
            ),
        ),
    ]
