"""Every agent's first revision: what it says now. In a migration of its own, so that no table stays
locked meanwhile."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agents", "0070_agent_revisions")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO agent_revisions (id, agent_id, number, persona, system_prompt, actor_name)"
            " SELECT gen_random_uuid(), id, revision, persona, system_prompt, 'Glozr' FROM agents"
            " ON CONFLICT DO NOTHING",
            migrations.RunSQL.noop,
        )
    ]
