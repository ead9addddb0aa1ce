from django.apps import AppConfig

from agents.navigation import add_agent_tab, add_news, add_workspace_tab
from glozr.background import add_step
from glozr.observe.readings import add_reading


class ExperimentsConfig(AppConfig):
    name = "experiments"
    verbose_name = "A/B experiments"

    def ready(self) -> None:
        # They need the models loaded.
        from agents.agents.dependents import watch_agents
        from agents.roles import Permission
        from experiments import history
        from experiments.demo import checks
        from experiments.lifecycle import agent_edits
        from experiments.notices import reading, telling
        from experiments.outcomes import sources

        assert checks  # registered
        watch_agents(
            self.name,
            dependents=agent_edits.running_at,
            note=agent_edits.note_in_histories,
            source=sources.source_of,
            active=agent_edits.active_at_each,
        )
        add_readings()
        add_step("fold results", "experiments.results.rollup.fold_all", every=10)
        add_step(
            "start and end by schedule", "experiments.schedules.due.start_and_end_due", every=2
        )
        add_step("end what is decided", "experiments.schedules.due.end_decided", every=30)
        add_step("take looks", "experiments.results.looks.due.take_those_due", every=30)
        add_step("erase old visitors", "experiments.visitors.erasing.erase_old", every=600)
        history.listen_to_steps("notices", telling.tell_of_steps)
        add_step("look for news", "experiments.notices.watching.watch", every=30)
        add_step("keep briefs", "experiments.outcomes.briefs.keep_missing", every=60)
        add_step("pass on notices", "experiments.notices.passing_on.pass_on_notices", every=2)
        add_step("deliver notices", "experiments.notices.delivering.deliver_due", every=2)
        add_step("clear old notices", "experiments.notices.upkeep.clear_old_notices", every=600)
        add_workspace_tab("notices", "Notices", "notice_list", rank=20, needed=Permission.VIEW)
        add_news("Notices", "notice_list", reading.unseen_in_workspace)
        add_agent_tab("overview", "Overview", "agent_overview", rank=10)
        add_agent_tab("experiments", "A/B experiments", "experiment_list", rank=20)
        add_agent_tab("learned", "What we learned", "agent_learned", rank=25)
        add_workspace_tab(
            "learned", "What we learned", "workspace_learned", rank=15, needed=Permission.VIEW
        )
        add_agent_tab("conversations", "Conversations", "conversation_list", rank=30)
        add_agent_tab("leads", "Leads", "lead_list", rank=40)
        add_agent_tab(
            "visitors", "Visitors", "visitors", rank=50, needed=Permission.MANAGE_VISITORS
        )
        add_agent_tab("try", "Try it", "try_agent", rank=55)
        add_agent_tab("connect", "Connect", "connect", rank=60)


def add_readings() -> None:
    """What /metrics reads of the fold."""
    add_reading(
        "glozr_fold_pending_rows",
        "Rows that wait to be folded, counted up to 100,000",
        "experiments.results.rollup.pending_rows",
    )
    add_reading(
        "glozr_fold_oldest_seconds",
        "How long the oldest of them has been seen to wait",
        "experiments.results.rollup.oldest_pending_seconds",
    )
