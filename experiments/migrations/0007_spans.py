"""Figures count what happened within a visitor's span, by sessions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0060_leads_again"),
        ("experiments", "0006_one_lock_of_the_fold"),
    ]

    operations = [
        # The previous release still reads them: the next one drops the columns.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("varianttotals", "conversations_squared"),
                migrations.RemoveField("varianttotals", "seconds_conversations"),
            ],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE variant_totals"
                    " ALTER COLUMN conversations_squared SET DEFAULT 0,"
                    " ALTER COLUMN seconds_conversations SET DEFAULT 0",
                    "ALTER TABLE variant_totals"
                    " ALTER COLUMN conversations_squared DROP DEFAULT,"
                    " ALTER COLUMN seconds_conversations DROP DEFAULT",
                )
            ],
        ),
        migrations.AddField(
            model_name="assignment",
            name="handed_over",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_capped",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="assignment",
            name="qualified",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="assignment",
            name="sessions",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="assignment",
            name="won",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="experiment",
            name="window_days",
            field=models.PositiveSmallIntegerField(
                db_default=7,
                default=7,
                help_text="How long after the assignment what a visitor does still counts.",
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="capped",
            field=models.BigIntegerField(
                db_default=0, help_text="Visitors who sent more messages than are counted of one."
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="handovers",
            field=models.BigIntegerField(
                db_default=0, help_text="Visitors to whom a human agent wrote."
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="last_assigned_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="qualified",
            field=models.BigIntegerField(
                db_default=0, help_text="Visitors with a lead that was qualified, contacted or won."
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="seconds_sessions",
            field=models.DecimalField(
                db_default=0,
                decimal_places=6,
                help_text="Sum of each visitor's seconds times sessions.",
                max_digits=40,
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="sessions",
            field=models.BigIntegerField(
                db_default=0,
                help_text="Each from a visitor's message to the last before half an hour of silence.",
            ),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="sessions_squared",
            field=models.BigIntegerField(db_default=0, help_text="Sum of squares."),
        ),
        migrations.AddField(
            model_name="varianttotals",
            name="won",
            field=models.BigIntegerField(
                db_default=0, help_text="Visitors with a lead that was won."
            ),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="conversations",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="converted",
            field=models.BigIntegerField(
                db_default=0, help_text="Visitors who left contact details."
            ),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="leads",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="messages",
            field=models.BigIntegerField(
                db_default=0, help_text="Of one visitor at most a hundred are counted."
            ),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="messages_squared",
            field=models.BigIntegerField(db_default=0, help_text="Sum of squares."),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="seconds",
            field=models.DecimalField(
                db_default=0,
                decimal_places=6,
                help_text="The length of all sessions, in seconds.",
                max_digits=30,
            ),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="seconds_squared",
            field=models.DecimalField(
                db_default=0, decimal_places=12, help_text="Sum of squares.", max_digits=60
            ),
        ),
        migrations.AlterField(
            model_name="varianttotals",
            name="visitors",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddConstraint(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_days__range", (1, 90))),
                name="experiments_window_in_range",
                violation_error_code="window",
                violation_error_message="A window is whole days, from 1 to 90.",
            ),
        ),
    ]
