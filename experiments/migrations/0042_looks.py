"""The plan of an experiment, and the looks that were taken at it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import glozr.ids


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0082_more_actions_are_known"),
        ("experiments", "0041_designs_are_known"),
    ]

    operations = [
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("due_at", models.DateTimeField()),
                (
                    "taken_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "fraction",
                    models.FloatField(
                        help_text="The smallest variant's closed spans over the plan's."
                    ),
                ),
                ("is_last", models.BooleanField()),
                (
                    "missed",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Why it has no figures.",
                        max_length=32,
                    ),
                ),
                (
                    "statistics",
                    models.JSONField(default=list, help_text="z of every treatment, in order."),
                ),
                (
                    "bound",
                    models.FloatField(help_text="On each of them, in standard errors.", null=True),
                ),
                ("is_futile", models.BooleanField(null=True)),
                (
                    "figures",
                    models.JSONField(
                        default=list, help_text="Every treatment against the control."
                    ),
                ),
            ],
            options={
                "db_table": "experiment_looks",
                "ordering": ["number"],
            },
        ),
        migrations.AddField(
            model_name="experiment",
            name="next_look_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="experiment",
            name="plan",
            field=models.JSONField(
                blank=True, editable=False, help_text="As it stood at the first start.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="experiment",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("next_look_at__isnull", False)),
                fields=["next_look_at"],
                name="experiments_looks_due",
            ),
        ),
        migrations.AddField(
            model_name="look",
            name="experiment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="looks",
                to="experiments.experiment",
            ),
        ),
        migrations.AddConstraint(
            model_name="look",
            constraint=models.UniqueConstraint(fields=("experiment", "number"), name="looks_once"),
        ),
        migrations.AddConstraint(
            model_name="look",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("missed", ""), _negated=True),
                    ("bound__isnull", False),
                    _connector="OR",
                ),
                name="looks_have_figures",
            ),
        ),
    ]
