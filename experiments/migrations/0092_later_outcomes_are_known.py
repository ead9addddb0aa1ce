"""The check of 0091 is made of the rows that exist, beside traffic."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experiments", "0091_later_outcomes")]

    operations = [ValidateConstraint(model_name="event", name="events_action_known")]
