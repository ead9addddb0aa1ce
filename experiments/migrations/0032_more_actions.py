"""Steps of an experiment's history that schedules, outcomes and visitors will write.

The check is not made of the rows that exist, which are read without a lock in the next migration.
"""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0031_actions_are_known"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="event",
            name="events_action_known",
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
                    ("scheduled", "Scheduled"),
                    ("start_failed", "Start failed"),
                    ("concluded", "Concluded"),
                    ("taken_back", "Taken back"),
                    ("shared", "Shared"),
                    ("unshared", "No longer shared"),
                    ("left_out", "Visitors left out"),
                    ("counted_in", "Visitors counted in"),
                    ("merged", "Visitors merged"),
                    ("erased", "Visitors erased"),
                ],
                max_length=16,
            ),
        ),
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
                            "scheduled",
                            "start_failed",
                            "concluded",
                            "taken_back",
                            "shared",
                            "unshared",
                            "left_out",
                            "counted_in",
                            "merged",
                            "erased",
                        ],
                    )
                ),
                name="events_action_known",
            ),
        ),
    ]
