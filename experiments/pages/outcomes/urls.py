"""Pages of outcomes that stand below no experiment."""

from django.urls import path

from experiments.pages.outcomes import learned, shared

urlpatterns = [
    path(
        "app/workspaces/<uuid:workspace_id>/learned/",
        learned.workspace_learned,
        name="workspace_learned",
    ),
    path("app/agents/<uuid:agent_id>/learned/", learned.agent_learned, name="agent_learned"),
    path("shared/<str:share_secret>/", shared.shared_results, name="shared_results"),
]
