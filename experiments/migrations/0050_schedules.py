"""Starts and ends by schedule, and the counts of visitors that ends by number go by.

The checks are not made of the rows that exist, which are read without a lock in the next migration.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0082_more_actions_are_known"),
        ("experiments", "0042_looks"),
    ]

    operations = [
        migrations.CreateModel(
            name="AssignedCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("variant_id", models.UUIDField()),
                ("slot", models.PositiveSmallIntegerField()),
                ("visitors", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "assigned_counts",
            },
        ),
        migrations.AddField(
            model_name="experiment",
            name="decision_sought_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="experiment",
            name="ends_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="experiment",
            name="ends_at_visitors",
            field=models.PositiveIntegerField(
                blank=True, editable=False, help_text="As soon as a variant has so many.", null=True
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="ends_when_decided",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="experiment",
            name="starts_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="experiment",
            name="starts_on_conflict",
            field=models.CharField(
                blank=True,
                choices=[("stop_current", "stop_current"), ("keep_running", "keep_running")],
                db_default="",
                default="",
                editable=False,
                help_text="What becomes then of one that runs.",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="experiment",
            index=models.Index(
                condition=models.Q(("starts_at__isnull", False)),
                fields=["starts_at"],
                name="experiments_to_start",
            ),
        ),
        migrations.AddIndex(
            model_name="experiment",
            index=models.Index(
                condition=models.Q(("ends_at__isnull", False), ("status", "running")),
                fields=["ends_at"],
                name="experiments_to_end",
            ),
        ),
        migrations.AddIndex(
            model_name="experiment",
            index=models.Index(
                condition=models.Q(("ends_at_visitors__isnull", False), ("status", "running")),
                fields=["id"],
                name="experiments_to_fill",
            ),
        ),
        migrations.AddIndex(
            model_name="experiment",
            index=models.Index(
                condition=models.Q(("ends_when_decided", True), ("status", "running")),
                fields=["decision_sought_at"],
                name="experiments_to_decide",
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_at", None),
                    ("ends_at", None),
                    ("ends_at__gt", models.F("starts_at")),
                    _connector="OR",
                ),
                name="experiments_end_after_start",
                violation_error_code="end_before_start",
                violation_error_message="The end must come after the start.",
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_on_conflict", ""),
                    models.Q(
                        ("starts_at__isnull", False),
                        ("starts_on_conflict__in", ["stop_current", "keep_running"]),
                    ),
                    _connector="OR",
                ),
                name="experiments_conflict_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at_visitors", None),
                    ("ends_at_visitors__range", (1, 10000000)),
                    _connector="OR",
                ),
                name="experiments_end_in_range",
            ),
        ),
        migrations.AddField(
            model_name="assignedcount",
            name="agent",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="agents.agent",
            ),
        ),
        migrations.AddField(
            model_name="assignedcount",
            name="experiment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="assigned_counts",
                to="experiments.experiment",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignedcount",
            constraint=models.UniqueConstraint(
                fields=("agent", "experiment", "variant_id", "slot"), name="assigned_counts_once"
            ),
        ),
    ]
