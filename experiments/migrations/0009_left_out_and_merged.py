"""Who is left out, which ids are one visitor, and the fold that counts so, within spans."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import glozr.ids
from glozr.postgres.functions import InstallFunction


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0063_visitors_rights"),
        ("experiments", "0007_spans"),
    ]

    operations = [
        migrations.AddField(
            model_name="assignment",
            name="is_crossed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_merged",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_settled",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="What the figures came from has been erased: they stay what they are.",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="left_out",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Counts"),
                    ("team", "By a rule of the workspace"),
                    ("merged", "Counts under another id of the visitor"),
                ],
                db_default="",
                default="",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="crossed",
            field=models.BigIntegerField(
                db_default=0, help_text="Of those, who had seen another variant as well."
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="left_out",
            field=models.BigIntegerField(
                db_default=0,
                help_text="Visitors who count in no figure, by a rule of the workspace.",
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="merged",
            field=models.BigIntegerField(
                db_default=0, help_text="Visitors known by more than one id."
            ),
        ),
        migrations.CreateModel(
            name="LeftOutRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("visitor", "Visitor id"),
                            ("beginning", "Beginning of visitor ids"),
                            ("domain", "E-mail domain"),
                        ],
                        max_length=16,
                    ),
                ),
                ("value", models.CharField(db_collation="C", max_length=253)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="left_out_rules",
                        to="agents.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "left_out_rules",
                "ordering": ["kind", "value"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "kind", "value"),
                        name="left_out_rules_once",
                        violation_error_code="rule_taken",
                        violation_error_message="This is left out already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["visitor", "beginning", "domain"])),
                        name="left_out_rules_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value", ""), _negated=True),
                        name="left_out_rules_say_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VisitorMerge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("visitor_id", models.CharField(db_collation="C", max_length=128)),
                ("into_id", models.CharField(db_collation="C", max_length=128)),
                (
                    "merged_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
            ],
            options={
                "db_table": "visitor_merges",
                "indexes": [
                    models.Index(fields=["agent", "into_id"], name="visitor_merges_by_person")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agent", "visitor_id"), name="visitor_merges_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("visitor_id", models.F("into_id")), _negated=True),
                        name="visitor_merges_two_ids",
                    ),
                ],
            },
        ),
        InstallFunction(
            "experiments.results", "fold_pending_counts", version=2, digest="55efdf3f7c448d25"
        ),
    ]
