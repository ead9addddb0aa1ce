"""The check of 0080 is made of the rows that exist, beside traffic."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experiments", "0080_bots")]

    operations = [ValidateConstraint(model_name="leftoutrule", name="left_out_rules_kind_known")]
