"""When messages arrive; contact details left again; how far leads had come, and when."""

from datetime import UTC, datetime

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import glozr.ids

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HELP = "Tells apart what was sent at one moment; in 2000 for what came before it was noted."


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0050_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="LeadRepeat",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("visitor_id", models.CharField(db_collation="C", max_length=128)),
                ("conversation_id", models.UUIDField(blank=True, null=True)),
                (
                    "left_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "db_table": "lead_repeats",
            },
        ),
        migrations.CreateModel(
            name="LeadStatusChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "was",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("qualified", "Qualified"),
                            ("contacted", "Contacted"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "became",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("qualified", "Qualified"),
                            ("contacted", "Contacted"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "db_table": "lead_status_changes",
            },
        ),
        migrations.AddField(
            model_name="message",
            name="received_at",
            field=models.DateTimeField(db_default=LONG_AGO, editable=False, help_text=HELP),
        ),
        # A constant is no work on the rows that exist, and says that their arrival is not known.
        migrations.AlterField(
            model_name="message",
            name="received_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, help_text=HELP
            ),
        ),
        migrations.AddField(
            model_name="leadrepeat",
            name="agent",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agents.agent",
            ),
        ),
        migrations.AddField(
            model_name="leadrepeat",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="repeats",
                to="agents.lead",
            ),
        ),
        migrations.AddField(
            model_name="leadstatuschange",
            name="agent",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agents.agent",
            ),
        ),
        migrations.AddField(
            model_name="leadstatuschange",
            name="lead",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="status_changes",
                to="agents.lead",
            ),
        ),
        migrations.AddIndex(
            model_name="leadrepeat",
            index=models.Index(fields=["agent", "visitor_id"], name="lead_repeats_by_visitor"),
        ),
        migrations.AddIndex(
            model_name="leadstatuschange",
            index=models.Index(fields=["lead", "changed_at", "id"], name="lead_steps_in_order"),
        ),
        migrations.AddConstraint(
            model_name="leadstatuschange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("became__in", ["new", "qualified", "contacted", "won", "lost"]),
                    ("was__in", ["new", "qualified", "contacted", "won", "lost"]),
                ),
                name="lead_steps_known",
            ),
        ),
    ]
