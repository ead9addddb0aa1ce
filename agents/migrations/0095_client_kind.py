"""What wrote first in a conversation: a person's browser, a bot, or an assistant.

The check is not made of the rows that exist, which are read without a lock in the next migration.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0090_revision_origin"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="client_kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "A person's browser, or not said"),
                    ("bot", "Bot"),
                    ("assistant", "Assistant acting for a person"),
                ],
                db_default="",
                default="",
                help_text="Judged by the user agent of the first message, which is not kept.",
                max_length=16,
            ),
        ),
        AddConstraintNotValid(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(("client_kind__in", ["", "bot", "assistant"])),
                name="conversations_client_known",
            ),
        ),
    ]
