"""An agent's revisions, and which of them a conversation answers with.

The previous release goes on serving: its agents are at revision 1, and its conversations name none.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import glozr.ids


class Migration(migrations.Migration):
    dependencies = [("agents", "0064_visitors_actions")]

    operations = [
        migrations.CreateModel(
            name="AgentRevision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=glozr.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="From 1, for each agent.")),
                ("persona", models.JSONField()),
                ("system_prompt", models.TextField(blank=True)),
                (
                    "reaches_back",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Conversations that were under way answer with it too: it mends a mistake.",
                    ),
                ),
                (
                    "actor_name",
                    models.CharField(help_text="Outlives the account.", max_length=254),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="agents.agent",
                    ),
                ),
            ],
            options={"db_table": "agent_revisions", "ordering": ["-number"]},
        ),
        migrations.AddConstraint(
            model_name="agentrevision",
            constraint=models.UniqueConstraint(
                fields=("agent", "number"), name="agent_revisions_numbered"
            ),
        ),
        migrations.AddField(
            model_name="agent",
            name="revision",
            field=models.PositiveIntegerField(
                db_default=1,
                default=1,
                editable=False,
                help_text="The number of the revision in force: what persona and prompt say now.",
            ),
        ),
        migrations.AddField(
            model_name="agent",
            name="urgent_revision",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Of the latest revision that conversations under way answer with too; 0: none.",
            ),
        ),
        # Plain integers: a check of theirs would read the whole table under its lock.
        migrations.AddField(
            model_name="conversation",
            name="revision",
            field=models.IntegerField(
                blank=True,
                help_text="Of the agent, when the conversation was decided; not noted by earlier releases.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="reached_by",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(),
                blank=True,
                help_text="Urgent revisions that have answered in it since, in order.",
                null=True,
                size=None,
            ),
        ),
    ]
