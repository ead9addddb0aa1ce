"""Storage settings of the two tables that are written most after they are inserted."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experiments", "0001_initial")]

    operations = [
        migrations.RunSQL(
            # Room on the page lets the fold update a row's sums without touching an index.
            "ALTER TABLE experiment_assignments SET (fillfactor = 85)",
            "ALTER TABLE experiment_assignments RESET (fillfactor)",
        ),
        migrations.RunSQL(
            # A queue: small, and emptied as fast as it fills.
            "ALTER TABLE pending_counts SET"
            " (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0)",
            "ALTER TABLE pending_counts RESET"
            " (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)",
        ),
    ]
