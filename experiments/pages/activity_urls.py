"""Pages of what an agent's visitors did."""

from django.urls import path

from experiments.pages import activity as views
from experiments.pages import downloads, visitors

_AGENT = "app/agents/<uuid:agent_id>"

urlpatterns = [
    path(f"{_AGENT}/conversations/", views.conversation_list, name="conversation_list"),
    path(
        f"{_AGENT}/conversations/<uuid:conversation_id>/", views.conversation, name="conversation"
    ),
    path(
        f"{_AGENT}/conversations.<file:kind>",
        downloads.conversation_file,
        name="conversation_file",
    ),
    path(f"{_AGENT}/messages.<file:kind>", downloads.message_file, name="message_file"),
    path(f"{_AGENT}/leads.<file:kind>", downloads.lead_file, name="lead_file"),
    path(f"{_AGENT}/leads/", views.lead_list, name="lead_list"),
    path(f"{_AGENT}/leads/status/", views.lead_statuses, name="lead_statuses"),
    path(f"{_AGENT}/leads/<uuid:lead_id>/status/", views.lead_status, name="lead_status"),
    path(f"{_AGENT}/visitors/", visitors.visitors, name="visitors"),
    path(
        f"{_AGENT}/visitors/rules/<uuid:rule_id>/remove/",
        visitors.visitor_rule_remove,
        name="visitor_rule_remove",
    ),
    path(f"{_AGENT}/visitors/merge/", visitors.visitor_merge, name="visitor_merge"),
    path(f"{_AGENT}/visitors/export/", visitors.visitor_export, name="visitor_export"),
    path(f"{_AGENT}/visitors/erase/", visitors.visitor_erase, name="visitor_erase"),
]
