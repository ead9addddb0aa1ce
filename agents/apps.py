from django.apps import AppConfig

from agents.navigation import add_agent_tab
from glozr.background import add_step


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        # They need the models loaded.
        from agents.audit import sign_ins
        from agents.people import sessions

        sign_ins.listen()
        add_agent_tab("settings", "Settings", "agent_settings", rank=90)
        add_step("clear sessions", sessions.clear_expired, every=600)
