"""The check of 0030 is made of the rows that exist, beside traffic."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experiments", "0030_agent_edits")]

    operations = [ValidateConstraint(model_name="event", name="events_action_known")]
