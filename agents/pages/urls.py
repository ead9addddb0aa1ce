from django.urls import path

from agents.pages import (
    addresses,
    agents,
    history,
    invitations,
    mail,
    members,
    sessions,
    tokens,
    workspaces,
)
from agents.pages.endpoints import model

urlpatterns = [
    path("", workspaces.home, name="home"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path(
        "invitations/<str:secret>/<str:proof>/",
        invitations.invitation_mailed,
        name="invitation_mailed",
    ),
    path("addresses/<str:undo_secret>/undo/", addresses.address_undo, name="address_undo"),
    path("accounts/sessions/", sessions.session_list, name="session_list"),
    path("accounts/sessions/end/", sessions.session_end_all, name="session_end_all"),
    path("accounts/sessions/<str:session_id>/end/", sessions.session_end, name="session_end"),
    path("app/", workspaces.agent_list, name="agent_list"),
    path("app/workspaces/", workspaces.workspace_list, name="workspace_list"),
    path("app/workspaces/<uuid:workspace_id>/", workspaces.workspace_open, name="workspace_open"),
    path(
        "app/workspaces/<uuid:workspace_id>/settings/",
        workspaces.workspace_settings,
        name="workspace_settings",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/model/",
        model.model_endpoint,
        name="model_endpoint",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/model/remove/",
        model.model_endpoint_remove,
        name="model_endpoint_remove",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/history/",
        history.workspace_history,
        name="workspace_history",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/history.<file:kind>",
        history.workspace_history_file,
        name="workspace_history_file",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/history/<uuid:event_id>/",
        history.workspace_history_step,
        name="workspace_history_step",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/second-factor/",
        workspaces.second_factor,
        name="workspace_second_factor",
    ),
    path("app/workspaces/<uuid:workspace_id>/leave/", members.leave, name="workspace_leave"),
    path("app/workspaces/<uuid:workspace_id>/members/", members.members, name="members"),
    path(
        "app/workspaces/<uuid:workspace_id>/members/<uuid:membership_id>/",
        members.member,
        name="member",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/members/<uuid:membership_id>/remove/",
        members.member_remove,
        name="member_remove",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/invitations/<uuid:invitation_id>/resend/",
        members.invitation_resend,
        name="invitation_resend",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/invitations/<uuid:invitation_id>/revoke/",
        members.invitation_revoke,
        name="invitation_revoke",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/mail/", mail.undelivered_mail, name="undelivered_mail"
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/mail/<uuid:mail_id>/again/",
        mail.mail_send_again,
        name="mail_send_again",
    ),
    path("app/workspaces/<uuid:workspace_id>/tokens/", tokens.tokens, name="tokens"),
    path(
        "app/workspaces/<uuid:workspace_id>/tokens/<uuid:token_id>/rotate/",
        tokens.token_rotate,
        name="token_rotate",
    ),
    path(
        "app/workspaces/<uuid:workspace_id>/tokens/<uuid:token_id>/revoke/",
        tokens.token_revoke,
        name="token_revoke",
    ),
    path("app/workspaces/<uuid:workspace_id>/agents/new/", agents.agent_new, name="agent_new"),
    path(
        "app/workspaces/<uuid:workspace_id>/prompt/", agents.prompt_preview, name="prompt_preview"
    ),
    path("app/agents/<uuid:agent_id>/settings/", agents.agent_settings, name="agent_settings"),
    path(
        "app/agents/<uuid:agent_id>/history.<file:kind>",
        history.agent_history_file,
        name="agent_history_file",
    ),
    path("app/agents/<uuid:agent_id>/revisions/", agents.agent_revisions, name="agent_revisions"),
    path(
        "app/agents/<uuid:agent_id>/revisions/<int:number>/",
        agents.agent_revision,
        name="agent_revision",
    ),
]
