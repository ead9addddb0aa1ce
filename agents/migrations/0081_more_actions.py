"""Steps of a workspace's history that concluding and webhooks will write.

The check is not made of the rows that exist, which are read without a lock in the next migration.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0080_history_by_agent"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="workspaceevent",
            name="workspace_events_action_known",
        ),
        migrations.AlterField(
            model_name="workspaceevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("workspace_created", "Workspace created"),
                    ("workspace_edited", "Settings changed"),
                    ("member_added", "Member added"),
                    ("member_joined", "Member joined"),
                    ("role_changed", "Role changed"),
                    ("member_removed", "Member removed"),
                    ("member_left", "Member left"),
                    ("invited", "Invited"),
                    ("invited_again", "Invited again"),
                    ("invitation_withdrawn", "Invitation withdrawn"),
                    ("token_created", "Token created"),
                    ("token_rotated", "Token given a new key"),
                    ("token_revoked", "Token revoked"),
                    ("agent_created", "Agent created"),
                    ("agent_edited", "Agent edited"),
                    ("signed_in", "Signed in"),
                    ("visitors_left_out", "Visitors left out"),
                    ("visitors_counted_in", "Visitors counted in"),
                    ("visitor_erased", "Visitor erased"),
                    ("visitor_exported", "Visitor exported"),
                    ("put_into_use", "Variant put into use"),
                    ("taken_back", "Variant taken back"),
                    ("webhook_added", "Webhook added"),
                    ("webhook_changed", "Webhook changed"),
                    ("webhook_removed", "Webhook removed"),
                ],
                max_length=32,
            ),
        ),
        AddConstraintNotValid(
            model_name="workspaceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "action__in",
                        [
                            "workspace_created",
                            "workspace_edited",
                            "member_added",
                            "member_joined",
                            "role_changed",
                            "member_removed",
                            "member_left",
                            "invited",
                            "invited_again",
                            "invitation_withdrawn",
                            "token_created",
                            "token_rotated",
                            "token_revoked",
                            "agent_created",
                            "agent_edited",
                            "signed_in",
                            "visitors_left_out",
                            "visitors_counted_in",
                            "visitor_erased",
                            "visitor_exported",
                            "put_into_use",
                            "taken_back",
                            "webhook_added",
                            "webhook_changed",
                            "webhook_removed",
                        ],
                    )
                ),
                name="workspace_events_action_known",
            ),
        ),
    ]
