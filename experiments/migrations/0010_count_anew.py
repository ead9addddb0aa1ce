"""Every figure is counted anew, by the rules of spans: beside traffic, as rows that wait to be
folded. In a migration of its own, so that no table stays locked meanwhile."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experiments", "0009_left_out_and_merged")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO pending_counts (agent_id, variant_id, visitor_id)"
            " SELECT agent_id, variant_id, visitor_id FROM experiment_assignments WHERE counted",
            migrations.RunSQL.noop,
        )
    ]
