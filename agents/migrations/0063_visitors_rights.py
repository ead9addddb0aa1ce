"""Who may manage visitors: the permission, its grants to Owners and Admins, the ability."""

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models


def grant(apps: Any, schema_editor: Any) -> None:
    """To the groups of the workspaces that there are; new ones get it from `agents.roles`."""
    apps.get_model("contenttypes", "ContentType").objects.clear_cache()
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="agents", model="workspace"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind,
        codename="manage_visitors",
        defaults={"name": "Leave out, merge, erase and export visitors"},
    )
    grants = apps.get_model("agents", "WorkspaceGrant").objects
    managing = grants.filter(permission__codename="manage_tokens")
    for group_id, workspace_id in managing.values_list("group", "content_object").iterator():
        grants.get_or_create(
            permission=permission, group_id=group_id, content_object_id=workspace_id
        )


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0062_lead_addresses_in_one_form"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="workspace",
            options={
                "default_permissions": (),
                "ordering": ["name", "id"],
                "permissions": [
                    (
                        "view_experiments",
                        "See experiments, results, history, conversations and leads",
                    ),
                    (
                        "run_experiments",
                        "Create, edit, start, stop, duplicate and delete experiments",
                    ),
                    ("edit_agents", "Edit an agent's persona and prompt"),
                    ("manage_members", "Invite, change and remove members"),
                    ("manage_tokens", "Create and revoke API tokens"),
                    ("manage_visitors", "Leave out, merge, erase and export visitors"),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="apitoken",
            name="api_tokens_abilities_known",
        ),
        migrations.AddField(
            model_name="workspace",
            name="retention_months",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="After so many months without a visit, a visitor is erased; empty: never.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="abilities",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("runtime", "Ask for assignments, record messages and leads"),
                        ("experiments:read", "Read experiments, results, conversations and leads"),
                        (
                            "experiments:write",
                            "Create, edit, start, stop, duplicate and delete experiments",
                        ),
                        ("visitors:write", "Leave out, merge, erase and export visitors"),
                    ],
                    max_length=32,
                ),
                size=None,
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "abilities__contained_by",
                        ["runtime", "experiments:read", "experiments:write", "visitors:write"],
                    ),
                    ("abilities__len__gte", 1),
                ),
                name="api_tokens_abilities_known",
                violation_error_code="abilities",
                violation_error_message="Choose at least one ability.",
            ),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retention_months", None),
                    ("retention_months__range", (4, 120)),
                    _connector="OR",
                ),
                name="workspaces_retention_in_range",
                violation_error_message="Keep visitors for 4 to 120 months: the figures of an experiment need them for as long as its window.",
            ),
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
