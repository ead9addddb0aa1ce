"""The checks of 0040 are made of the rows that exist, beside traffic."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

CHECKS = (
    "experiments_metric_known",
    "experiments_design_complete",
    "experiments_lift_in_range",
    "experiments_looks_in_range",
    "experiments_share_in_range",
)


class Migration(migrations.Migration):
    dependencies = [("experiments", "0040_designs")]

    operations = [ValidateConstraint(model_name="experiment", name=name) for name in CHECKS]
