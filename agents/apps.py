from django.apps import AppConfig

from agents.navigation import add_agent_tab


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        add_agent_tab("settings", "Settings", "agent_settings", rank=90)
