"""Notices of a workspace, and the link in a mail that ends them."""

from django.urls import path

from experiments.pages.notices import lists, webhooks

_OF_WORKSPACE = "app/workspaces/<uuid:workspace_id>/"
_OF_WEBHOOK = f"{_OF_WORKSPACE}webhooks/<uuid:webhook_id>/"

urlpatterns = [
    path("notices/off/<str:link>/", lists.notice_mail_off, name="notice_mail_off"),
    path(f"{_OF_WORKSPACE}notices/", lists.notice_list, name="notice_list"),
    path(f"{_OF_WORKSPACE}notices/mail/", lists.notice_mail, name="notice_mail"),
    path(f"{_OF_WORKSPACE}webhooks/", webhooks.webhook_list, name="webhooks"),
    path(_OF_WEBHOOK, webhooks.webhook_page, name="webhook"),
    path(f"{_OF_WEBHOOK}switch/", webhooks.webhook_switch, name="webhook_switch"),
    path(f"{_OF_WEBHOOK}secret/", webhooks.webhook_secret, name="webhook_secret"),
    path(f"{_OF_WEBHOOK}remove/", webhooks.webhook_remove, name="webhook_remove"),
    path(
        f"{_OF_WEBHOOK}deliveries/<uuid:delivery_id>/again/",
        webhooks.delivery_again,
        name="delivery_again",
    ),
]
