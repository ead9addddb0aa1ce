"""The check of 0100 is made of the rows that exist, beside traffic."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agents", "0100_model_endpoints")]

    operations = [
        ValidateConstraint(model_name="workspaceevent", name="workspace_events_action_known")
    ]
