from django.apps import AppConfig

from agents.navigation import add_agent_tab, add_workspace_tab
from glozr.background import add_step


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        # They need the models loaded.
        from django.contrib.auth.signals import user_logged_in

        from agents.audit import sign_ins
        from agents.mail import outbox, sending, upkeep
        from agents.people import recovery, sessions
        from agents.people.signed_in import begin
        from agents.roles import Permission

        sign_ins.listen()
        user_logged_in.connect(begin)
        add_agent_tab("settings", "Settings", "agent_settings", rank=90)
        members, tokens = Permission.MANAGE_MEMBERS, Permission.MANAGE_TOKENS
        for section, label, url_name, rank, needed in (
            ("agents", "Agents", "workspace_open", 10, Permission.VIEW),
            ("members", "Members", "members", 30, members),
            ("tokens", "API tokens", "tokens", 40, tokens),
            ("history", "History", "workspace_history", 50, members),
            ("settings", "Settings", "workspace_settings", 90, members),
        ):
            add_workspace_tab(section, label, url_name, rank=rank, needed=needed)
        outbox.add_writer(recovery.RESET, recovery.write_reset)
        add_step("send mail", sending.send_due, every=2)
        add_step("clear the outbox", upkeep.clear_old_mail, every=600)
        add_step("clear sessions", sessions.clear_expired, every=600)
