"""The fold's lock as a function, so that its number stands once; words about the sums."""

from importlib import import_module

from django.db import migrations, models

from glozr.postgres.functions import InstallFunction

# The function as it was before it had a file.
INLINE = import_module("experiments.migrations.0005_fold_pending_counts").CREATE


class Migration(migrations.Migration):
    dependencies = [("experiments", "0005_fold_pending_counts")]

    operations = [
        InstallFunction(
            "experiments.results",
            "lock_fold",
            version=1,
            digest="9fa2fa026b1a64c9",
        ),
        InstallFunction(
            "experiments.results",
            "fold_pending_counts",
            version=1,
            digest="021d3ad628c0be5d",
            before=INLINE,
        ),
        migrations.AlterField(
            "varianttotals",
            "conversations_squared",
            models.BigIntegerField(help_text="Sum of squares."),
        ),
        migrations.AlterField(
            "varianttotals",
            "messages_squared",
            models.BigIntegerField(help_text="Sum of squares."),
        ),
        migrations.AlterField(
            "varianttotals",
            "seconds",
            models.DecimalField(
                decimal_places=6,
                help_text="The length of all conversations, in seconds.",
                max_digits=30,
            ),
        ),
        migrations.AlterField(
            "varianttotals",
            "seconds_conversations",
            models.DecimalField(
                decimal_places=6,
                help_text="Sum of each visitor's seconds times conversations.",
                max_digits=40,
            ),
        ),
        migrations.AlterField(
            "varianttotals",
            "seconds_squared",
            models.DecimalField(decimal_places=12, help_text="Sum of squares.", max_digits=60),
        ),
    ]
