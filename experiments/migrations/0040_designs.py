"""How an experiment is planned: what its verdict is about, when one looks, who takes part.

The checks are not made of the rows that exist, which are read without a lock in the next migration.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0082_more_actions_are_known"),
        ("experiments", "0033_more_actions_are_known"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="design",
            field=models.CharField(
                choices=[("watched", "Watched"), ("planned", "Planned")],
                db_default="watched",
                default="watched",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="expected_value",
            field=models.FloatField(
                blank=True,
                help_text="Of the primary metric, where none is measured to plan by.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="expected_weekly",
            field=models.FloatField(
                blank=True,
                help_text="Visitors a week, where none are measured to plan by.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="most_looks",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Of the planned design, at most.", null=True
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="planned_lift",
            field=models.FloatField(
                blank=True, help_text="The lift to detect, 0.2 for +20%.", null=True
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="primary_metric",
            field=models.CharField(
                choices=[
                    ("lead_capture_rate", "Lead capture rate"),
                    ("messages_per_visitor", "Messages per visitor"),
                    ("session_length", "Session length"),
                    ("qualified_lead_rate", "Qualified lead rate"),
                    ("won_lead_rate", "Won lead rate"),
                ],
                db_default="lead_capture_rate",
                default="lead_capture_rate",
                help_text="What the verdict is about.",
                max_length=32,
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="traffic_share",
            field=models.PositiveSmallIntegerField(
                db_default=100, default=100, help_text="Percent of new visitors who take part."
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "primary_metric__in",
                        [
                            "lead_capture_rate",
                            "messages_per_visitor",
                            "session_length",
                            "qualified_lead_rate",
                            "won_lead_rate",
                        ],
                    )
                ),
                name="experiments_metric_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("design", "watched"),
                    models.Q(
                        ("design", "planned"),
                        ("most_looks__isnull", False),
                        ("planned_lift__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="experiments_design_complete",
                violation_error_code="planned_lift",
                violation_error_message="A planned experiment has a lift and a number of looks.",
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("planned_lift", None), ("planned_lift__range", (0.01, 10)), _connector="OR"
                ),
                name="experiments_lift_in_range",
                violation_error_code="planned_lift",
                violation_error_message="A planned lift is a number from 0.01 to 10: 0.2 for +20%.",
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("most_looks", None), ("most_looks__range", (1, 12)), _connector="OR"
                ),
                name="experiments_looks_in_range",
                violation_error_code="most_looks",
                violation_error_message="The most looks are a whole number from 1 to 12.",
            ),
        ),
        AddConstraintNotValid(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(("traffic_share__range", (1, 100))),
                name="experiments_share_in_range",
                violation_error_code="traffic_share",
                violation_error_message="A share of traffic is whole percents, from 1 to 100.",
            ),
        ),
    ]
