from django.db import migrations


class Migration(migrations.Migration):
    """The table of Django's database cache (settings.CACHES).

    Unlogged: what it holds, counts of sign-in attempts, may be lost in a crash of the server.
    """

    dependencies = [("agents", "0002_leads_by_status")]
    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE cache (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX cache_expires ON cache (expires);
            """,
            "DROP TABLE cache",
        )
    ]
