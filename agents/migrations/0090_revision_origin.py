"""Where the words of a revision come from, if nobody typed them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0082_more_actions_are_known"),
    ]

    operations = [
        migrations.AddField(
            model_name="agentrevision",
            name="origin",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where the words come from, if nobody typed them.",
                max_length=254,
            ),
        ),
    ]
