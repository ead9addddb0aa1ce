"""The model of a workspace, and the steps of its history about it.

The check is not made of the rows that exist, which are read without a lock in the next migration.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

ACTIONS = [
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
    ("model_set", "Model set"),
    ("model_removed", "Model removed"),
]


class Migration(migrations.Migration):
    dependencies = [("agents", "0096_client_kind_is_known")]

    operations = [
        migrations.CreateModel(
            name="ModelEndpoint",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="model_endpoint",
                        serialize=False,
                        to="agents.workspace",
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("model", models.CharField(max_length=120)),
                (
                    "sealed_key",
                    models.TextField(
                        blank=True,
                        editable=False,
                        help_text="See `glozr.secrets`; empty: it asks for none.",
                    ),
                ),
                ("calls_a_day", models.PositiveIntegerField(default=500)),
                ("called_on", models.DateField(editable=False, null=True)),
                ("calls", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
            ],
            options={
                "db_table": "model_endpoints",
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(url="") & ~models.Q(model=""),
                        name="model_endpoints_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(calls_a_day__range=(1, 100000)),
                        name="model_endpoints_calls_in_range",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="workspaceevent", name="workspace_events_action_known"
        ),
        migrations.AlterField(
            model_name="workspaceevent",
            name="action",
            field=models.CharField(choices=ACTIONS, max_length=32),
        ),
        AddConstraintNotValid(
            model_name="workspaceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(action__in=[action for action, _ in ACTIONS]),
                name="workspace_events_action_known",
            ),
        ),
    ]
