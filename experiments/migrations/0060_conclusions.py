"""What came of experiments, and what of it is in use."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import glozr.ids


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0090_revision_origin"),
        ("experiments", "0051_schedules_are_valid"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Conclusion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("won", "A variant won"),
                            ("no_difference", "No difference shown"),
                            ("abandoned", "Abandoned"),
                        ],
                        max_length=16,
                    ),
                ),
                ("learned", models.TextField(blank=True, max_length=2000)),
                (
                    "reason",
                    models.TextField(
                        blank=True,
                        help_text="For what the verdict did not support.",
                        max_length=1000,
                    ),
                ),
                ("verdict", models.TextField(help_text="In words, as it stood.")),
                (
                    "figures",
                    models.JSONField(
                        help_text="Of the metric that the verdict is about, as they stood."
                    ),
                ),
                (
                    "lift",
                    models.FloatField(
                        help_text="Relative, of the variant furthest ahead.", null=True
                    ),
                ),
                ("lift_error", models.FloatField(help_text="Its standard error.", null=True)),
                (
                    "concluded_by_name",
                    models.CharField(help_text="Outlives the account.", max_length=254),
                ),
                (
                    "concluded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("revision_before", models.PositiveIntegerField(null=True)),
                ("revision_after", models.PositiveIntegerField(null=True)),
                ("taken_back_at", models.DateTimeField(null=True)),
                ("taken_back_by_name", models.CharField(blank=True, default="", max_length=254)),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
                (
                    "concluded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "experiment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conclusion",
                        to="experiments.experiment",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        help_text="That won.",
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="experiments.variant",
                    ),
                ),
            ],
            options={
                "db_table": "conclusions",
                "indexes": [
                    models.Index(
                        fields=["agent", "-concluded_at", "-id"], name="conclusions_newest"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "won"), ("variant__isnull", False)),
                            models.Q(
                                ("outcome__in", ["no_difference", "abandoned"]), ("variant", None)
                            ),
                            _connector="OR",
                        ),
                        name="conclusions_winner_if_won",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revision_after", None), ("revision_before", None)),
                            models.Q(
                                ("revision_after__isnull", False),
                                ("revision_before__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="conclusions_both_revisions",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back_at", None),
                            ("revision_after__isnull", False),
                            _connector="OR",
                        ),
                        name="conclusions_taken_back_of_use",
                    ),
                ],
            },
        ),
    ]
