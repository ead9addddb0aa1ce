"""Bots may be left out, and the fold counts them and assistants.

The check is not made of the rows that exist, which are read without a lock in the next migration.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from glozr.postgres.functions import InstallFunction


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0096_client_kind_is_known"),
        ("experiments", "0070_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="assignment",
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
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="assignment",
            name="left_out",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Counts"),
                    ("team", "By a rule of the workspace"),
                    ("bot", "A bot, by its user agent"),
                    ("merged", "Counts under another id of the visitor"),
                ],
                db_default="",
                default="",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="left_out",
            field=models.BigIntegerField(
                db_default=0,
                help_text="Visitors who count in no figure, by an id or domain that is left out.",
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="bots_left_out",
            field=models.BigIntegerField(
                db_default=0,
                help_text="Visitors who count in no figure, as bots are left out.",
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="bots",
            field=models.BigIntegerField(
                db_default=0, help_text="Bots that count, by their user agents."
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="assistants",
            field=models.BigIntegerField(
                db_default=0,
                help_text="Assistants acting for people, who count; by their user agents.",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="leftoutrule",
            name="left_out_rules_kind_known",
        ),
        migrations.AlterField(
            model_name="leftoutrule",
            name="kind",
            field=models.CharField(
                choices=[
                    ("visitor", "Visitor id"),
                    ("beginning", "Beginning of visitor ids"),
                    ("domain", "E-mail domain"),
                    ("bots", "User agent of a bot"),
                ],
                max_length=16,
            ),
        ),
        AddConstraintNotValid(
            model_name="leftoutrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["visitor", "beginning", "domain", "bots"])),
                name="left_out_rules_kind_known",
            ),
        ),
        InstallFunction(
            "experiments.results", "fold_pending_counts", version=3, digest="42a51e4f867fcfa2"
        ),
    ]
