"""The API, version 1."""

from django.urls import path, re_path

from experiments.management_api import (
    DuplicateView,
    ExperimentsView,
    ExperimentView,
    StartView,
    StopView,
)
from experiments.runtime_api import AssignmentsView, LeadsView, MessagesView
from glozr.api_errors import no_such_address

AGENT = "agents/<uuid:agent_id>"
EXPERIMENT = f"{AGENT}/experiments/<uuid:experiment_id>"

urlpatterns = [
    path(f"{AGENT}/assignments/", AssignmentsView.as_view(), name="api_assignments"),
    path(
        f"{AGENT}/conversations/<str:conversation_id>/messages/",
        MessagesView.as_view(),
        name="api_messages",
    ),
    path(f"{AGENT}/leads/", LeadsView.as_view(), name="api_leads"),
    path(f"{AGENT}/experiments/", ExperimentsView.as_view(), name="api_experiments"),
    path(f"{EXPERIMENT}/", ExperimentView.as_view(), name="api_experiment"),
    path(f"{EXPERIMENT}/start/", StartView.as_view(), name="api_start"),
    path(f"{EXPERIMENT}/stop/", StopView.as_view(), name="api_stop"),
    path(f"{EXPERIMENT}/duplicate/", DuplicateView.as_view(), name="api_duplicate"),
    re_path(r"^.*$", no_such_address, name="api_unknown"),
]
