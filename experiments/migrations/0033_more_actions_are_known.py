"""The check of 0032 is made of the rows that exist, beside traffic."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experiments", "0032_more_actions")]

    operations = [ValidateConstraint(model_name="event", name="events_action_known")]
