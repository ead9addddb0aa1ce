"""A state of an agent's totals, so that what is worked out from them can be kept under it."""

import django.db.models.deletion
from django.db import migrations, models

from glozr.postgres.functions import InstallFunction

TRIGGER = """
CREATE TRIGGER totals_noted_{event} AFTER {event} ON variant_totals
REFERENCING {side} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_totals()
"""
NO_TRIGGER = "DROP TRIGGER totals_noted_{event} ON variant_totals"
SIDES = {"insert": "NEW", "update": "NEW", "delete": "OLD"}


class Migration(migrations.Migration):
    dependencies = [("experiments", "0092_later_outcomes_are_known")]

    operations = [
        migrations.CreateModel(
            name="FoldState",
            fields=[
                (
                    "agent",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agents.agent",
                    ),
                ),
                ("state", models.UUIDField()),
            ],
            options={"db_table": "fold_states"},
        ),
        InstallFunction("experiments.results", "note_totals", version=1, digest="f92a860820929884"),
        *(
            migrations.RunSQL(
                TRIGGER.format(event=event, side=side).strip(), NO_TRIGGER.format(event=event)
            )
            for event, side in SIDES.items()
        ),
    ]
