"""Two more steps of an experiment's history: put into use afterwards, and what was learned edited.

The check is not made of the rows that exist, which are read without a lock in the next migration.
"""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0090_preview_links"),
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
                    ("put_into_use", "Put into use"),
                    ("taken_back", "Taken back"),
                    ("learned", "What was learned edited"),
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
                            "put_into_use",
                            "taken_back",
                            "learned",
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
