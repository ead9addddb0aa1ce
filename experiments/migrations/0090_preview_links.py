"""Links to a chosen variant: which are revoked, and the conversations that began with one."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0082_more_actions_are_known"),
        ("experiments", "0081_bots_are_known"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="preview_epoch",
            field=models.IntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Links of an earlier one are revoked.",
            ),
        ),
        migrations.CreateModel(
            name="PreviewedConversation",
            fields=[
                ("conversation_id", models.UUIDField(primary_key=True, serialize=False)),
                ("variant_id", models.UUIDField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
            ],
            options={"db_table": "previewed_conversations"},
        ),
    ]
