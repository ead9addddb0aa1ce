"""The calls on which a visitor waits, in a table of their own: the first three looked at."""

from django.urls import path

from experiments.api.runtime.calls import AssignmentsView, LeadsView, MessagesView

urlpatterns = [
    path("agents/<uuid:agent_id>/assignments/", AssignmentsView.as_view(), name="api_assignments"),
    path(
        "agents/<uuid:agent_id>/conversations/<str:conversation_id>/messages/",
        MessagesView.as_view(),
        name="api_messages",
    ),
    path("agents/<uuid:agent_id>/leads/", LeadsView.as_view(), name="api_leads"),
]
