"""The API, version 1."""

from django.urls import path, re_path

from experiments.api.activity import (
    AgentLeadsView,
    ConversationMessagesView,
    ConversationsView,
    ConversationView,
    LeadView,
)
from experiments.api.experiments import (
    DuplicateView,
    ExperimentsView,
    ExperimentView,
    StartView,
    StopView,
)
from experiments.api.files import FILES_OF_AGENT, FILES_OF_EXPERIMENT
from experiments.api.histories import AgentHistoryView, ExperimentHistoryView
from experiments.api.outcomes import ConcludeView, ConclusionView, PutIntoUseView, TakeBackView
from experiments.api.plan import PlanView
from experiments.api.results import DailyResultsView, ResultsView
from experiments.api.runtime.calls import AssignmentsView
from experiments.api.schedule import ScheduleView
from experiments.api.visitors import (
    EraseView,
    ExportView,
    LeftOutRuleView,
    LeftOutView,
    MergeView,
)
from glozr.edge.api_errors import no_such_address

_AGENT = "agents/<uuid:agent_id>"
_CONVERSATION = f"{_AGENT}/conversations/<str:conversation_id>"
_EXPERIMENT = f"{_AGENT}/experiments/<uuid:experiment_id>"
_FILES = ((_AGENT, "agent", FILES_OF_AGENT), (_EXPERIMENT, "experiment", FILES_OF_EXPERIMENT))

urlpatterns = [
    path(f"{_AGENT}/assignments/", AssignmentsView.as_view(), name="api_assignments"),
    path(f"{_AGENT}/history/", AgentHistoryView.as_view(), name="api_agent_history"),
    path(f"{_AGENT}/leads/", AgentLeadsView.as_view(), name="api_leads"),
    path(f"{_AGENT}/leads/<uuid:lead_id>/", LeadView.as_view(), name="api_lead"),
    path(f"{_AGENT}/conversations/", ConversationsView.as_view(), name="api_conversations"),
    path(
        f"{_AGENT}/conversations/<uuid:conversation_id>/",
        ConversationView.as_view(),
        name="api_conversation",
    ),
    path(f"{_CONVERSATION}/messages/", ConversationMessagesView.as_view(), name="api_messages"),
    path(f"{_AGENT}/experiments/", ExperimentsView.as_view(), name="api_experiments"),
    path(f"{_AGENT}/experiments/plan/", PlanView.as_view(), name="api_plan"),
    path(f"{_EXPERIMENT}/", ExperimentView.as_view(), name="api_experiment"),
    path(f"{_EXPERIMENT}/start/", StartView.as_view(), name="api_start"),
    path(f"{_EXPERIMENT}/stop/", StopView.as_view(), name="api_stop"),
    path(f"{_EXPERIMENT}/schedule/", ScheduleView.as_view(), name="api_schedule"),
    path(f"{_EXPERIMENT}/duplicate/", DuplicateView.as_view(), name="api_duplicate"),
    path(f"{_EXPERIMENT}/conclude/", ConcludeView.as_view(), name="api_conclude"),
    path(f"{_EXPERIMENT}/conclusion/", ConclusionView.as_view(), name="api_conclusion"),
    path(f"{_EXPERIMENT}/put-into-use/", PutIntoUseView.as_view(), name="api_put_into_use"),
    path(f"{_EXPERIMENT}/take-back/", TakeBackView.as_view(), name="api_take_back"),
    path(f"{_EXPERIMENT}/history/", ExperimentHistoryView.as_view(), name="api_history"),
    path(f"{_EXPERIMENT}/results/", ResultsView.as_view(), name="api_results"),
    path(f"{_EXPERIMENT}/results/daily/", DailyResultsView.as_view(), name="api_daily_results"),
    *(
        path(f"{where}/{what}.{kind}", view, name=f"api_{whose}_{what}_{kind}")
        for where, whose, files in _FILES
        for what, views in files.items()
        for kind, view in views.items()
    ),
    path(f"{_AGENT}/left-out/", LeftOutView.as_view(), name="api_left_out"),
    path(f"{_AGENT}/left-out/<uuid:rule_id>/", LeftOutRuleView.as_view(), name="api_left_out_rule"),
    path(f"{_AGENT}/visitors/merge/", MergeView.as_view(), name="api_visitors_merge"),
    path(f"{_AGENT}/visitors/erase/", EraseView.as_view(), name="api_visitors_erase"),
    path(f"{_AGENT}/visitors/export/", ExportView.as_view(), name="api_visitors_export"),
    re_path("", no_such_address, name="api_unknown"),
]
