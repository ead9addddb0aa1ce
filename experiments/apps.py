from django.apps import AppConfig

from agents.navigation import add_agent_tab, add_workspace_tab
from glozr.background import add_step


class ExperimentsConfig(AppConfig):
    name = "experiments"
    verbose_name = "A/B experiments"

    def ready(self) -> None:
        # They need the models loaded.
        from agents.agents.dependents import watch_agents
        from agents.roles import Permission
        from experiments.demo import checks
        from experiments.lifecycle import agent_edits
        from experiments.outcomes import sources
        from experiments.results import rollup
        from experiments.visitors import erasing

        assert checks  # registered
        watch_agents(
            self.name,
            dependents=agent_edits.running_at,
            note=agent_edits.note_in_histories,
            source=sources.source_of,
        )
        add_step("fold results", rollup.fold_all, every=10)
        add_step("erase old visitors", erasing.erase_old, every=600)
        add_agent_tab("overview", "Overview", "agent_overview", rank=10)
        add_agent_tab("experiments", "A/B experiments", "experiment_list", rank=20)
        add_agent_tab("learned", "What we learned", "agent_learned", rank=25)
        add_workspace_tab("learned", "What we learned", "workspace_learned", needed=Permission.VIEW)
        add_agent_tab("conversations", "Conversations", "conversation_list", rank=30)
        add_agent_tab("leads", "Leads", "lead_list", rank=40)
        add_agent_tab(
            "visitors", "Visitors", "visitors", rank=50, needed=Permission.MANAGE_VISITORS
        )
