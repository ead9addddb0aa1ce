"""The fold as a function of the database, so that a page has it done in one call."""

from django.db import migrations

from glozr.postgres.functions import InstallFunction


class Migration(migrations.Migration):
    dependencies = [("experiments", "0004_variant_totals_name")]

    operations = [
        InstallFunction(
            "experiments.results",
            "fold_pending_counts",
            version=1,
            digest="677585279466e307",
        ),
    ]
