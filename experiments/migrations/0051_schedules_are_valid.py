"""The checks of 0050 are made of the rows that exist, beside traffic."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experiments", "0050_schedules")]

    operations = [
        ValidateConstraint(model_name="experiment", name="experiments_end_after_start"),
        ValidateConstraint(model_name="experiment", name="experiments_conflict_known"),
        ValidateConstraint(model_name="experiment", name="experiments_end_in_range"),
    ]
