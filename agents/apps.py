from django.apps import AppConfig

from agents.navigation import add_agent_tab


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        from agents.audit import sign_ins  # needs the models loaded

        sign_ins.listen()
        add_agent_tab("settings", "Settings", "agent_settings", rank=90)
