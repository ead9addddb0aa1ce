from django.urls import path

from bench.plain.views import AssignmentsView, MessagesView
from glozr.observe.health import healthz

urlpatterns = [
    path("healthz", healthz),
    path("api/v1/agents/<uuid:agent_id>/assignments/", AssignmentsView.as_view()),
    path(
        "api/v1/agents/<uuid:agent_id>/conversations/<uuid:conversation_id>/messages/",
        MessagesView.as_view(),
    ),
]
