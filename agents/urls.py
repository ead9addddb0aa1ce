from django.urls import path

from agents.views import agents, workspaces

urlpatterns = [
    path("", workspaces.home, name="home"),
    path("app/", workspaces.agent_list, name="agent_list"),
    path("app/workspaces/", workspaces.workspace_list, name="workspace_list"),
    path("app/workspaces/<uuid:workspace_id>/", workspaces.workspace_open, name="workspace_open"),
    path("app/workspaces/<uuid:workspace_id>/agents/new/", agents.agent_new, name="agent_new"),
    path(
        "app/workspaces/<uuid:workspace_id>/prompt/", agents.prompt_preview, name="prompt_preview"
    ),
    path("app/agents/<uuid:agent_id>/settings/", agents.agent_settings, name="agent_settings"),
]
