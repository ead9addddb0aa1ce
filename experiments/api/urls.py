"""The API, version 1."""

from django.urls import path, re_path

from experiments.api import runtime_urls
from experiments.api.experiments import (
    DuplicateView,
    ExperimentsView,
    ExperimentView,
    StartView,
    StopView,
)
from experiments.api.results import AssignmentsCsvView, ResultsView
from experiments.api.visitors import (
    EraseView,
    ExportView,
    LeftOutRuleView,
    LeftOutView,
    MergeView,
)
from glozr.edge.api_errors import no_such_address

_AGENT = "agents/<uuid:agent_id>"
_EXPERIMENT = f"{_AGENT}/experiments/<uuid:experiment_id>"

urlpatterns = [
    *runtime_urls.urlpatterns,
    path(f"{_AGENT}/experiments/", ExperimentsView.as_view(), name="api_experiments"),
    path(f"{_EXPERIMENT}/", ExperimentView.as_view(), name="api_experiment"),
    path(f"{_EXPERIMENT}/start/", StartView.as_view(), name="api_start"),
    path(f"{_EXPERIMENT}/stop/", StopView.as_view(), name="api_stop"),
    path(f"{_EXPERIMENT}/duplicate/", DuplicateView.as_view(), name="api_duplicate"),
    path(f"{_EXPERIMENT}/results/", ResultsView.as_view(), name="api_results"),
    path(
        f"{_EXPERIMENT}/assignments.csv", AssignmentsCsvView.as_view(), name="api_assignments_csv"
    ),
    path(f"{_AGENT}/left-out/", LeftOutView.as_view(), name="api_left_out"),
    path(f"{_AGENT}/left-out/<uuid:rule_id>/", LeftOutRuleView.as_view(), name="api_left_out_rule"),
    path(f"{_AGENT}/visitors/merge/", MergeView.as_view(), name="api_visitors_merge"),
    path(f"{_AGENT}/visitors/erase/", EraseView.as_view(), name="api_visitors_erase"),
    path(f"{_AGENT}/visitors/export/", ExportView.as_view(), name="api_visitors_export"),
    re_path("", no_such_address, name="api_unknown"),
]
