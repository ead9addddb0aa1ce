"""Edits of the agent in histories, and the prompts that variants answer with.

The check is not made of the rows that exist, which are read without a lock in the next migration.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import glozr.ids


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0070_agent_revisions"),
        ("experiments", "0020_duplicate_calls"),
    ]

    operations = [
        migrations.CreateModel(
            name="VariantPrompt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("revision", models.IntegerField(help_text="Of the agent.")),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the prompt, hexadecimal.", max_length=64
                    ),
                ),
                (
                    "noted_at",
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
                (
                    "variant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prompts",
                        to="experiments.variant",
                    ),
                ),
            ],
            options={"db_table": "variant_prompts"},
        ),
        migrations.AddIndex(
            model_name="variantprompt",
            index=models.Index(fields=["variant"], name="variant_prompts_by_variant"),
        ),
        migrations.AddConstraint(
            model_name="variantprompt",
            constraint=models.UniqueConstraint(
                fields=("agent", "variant", "revision", "digest"), name="variant_prompts_once"
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="action",
            field=models.CharField(
                choices=[
                    ("created", "Created"),
                    ("edited", "Edited"),
                    ("started", "Started"),
                    ("stopped", "Stopped"),
                    ("duplicated", "Duplicated"),
                    ("deleted", "Deleted"),
                    ("agent_edited", "Agent edited"),
                ],
                max_length=16,
            ),
        ),
        migrations.RemoveConstraint(model_name="event", name="events_action_known"),
        AddConstraintNotValid(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "action__in",
                        [
                            "created",
                            "edited",
                            "started",
                            "stopped",
                            "duplicated",
                            "deleted",
                            "agent_edited",
                        ],
                    )
                ),
                name="events_action_known",
            ),
        ),
    ]
