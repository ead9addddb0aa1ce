"""How experiments stood, in a line each, for lists."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0093_fold_states"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptBrief",
            fields=[
                (
                    "experiment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="brief",
                        serialize=False,
                        to="experiments.experiment",
                    ),
                ),
                ("said", models.JSONField()),
                (
                    "as_of",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "db_table": "experiment_briefs",
            },
        ),
    ]
