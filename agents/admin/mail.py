"""The outbox: what is sent, waits or failed, without what it says."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agents.admin.scope import person
from agents.admin.services import ServiceAdmin
from agents.mail import outbox
from agents.models import OutgoingMail
from agents.roles import Permission


@admin.register(OutgoingMail)
class MailAdmin(ServiceAdmin):
    """Staff see the mail of their workspaces, superusers all of it; nobody what it says, which
    may hold the secret of a link."""

    workspace_path = "workspace"
    view_permission = Permission.MANAGE_MEMBERS
    write_permission = Permission.MANAGE_MEMBERS
    secret_fields = frozenset({"body", "html", "headers", "details"})
    list_display = ("recipient", "purpose", "state", "attempts", "problem", "created_at", "due_at")
    list_filter = ("state",)
    list_select_related = ("workspace",)
    search_fields = ("recipient", "purpose", "workspace__name", "=id")
    date_hierarchy = "created_at"
    actions = ("send_again",)
    fields = (
        *("recipient", "purpose", "subject", "state", "attempts", "problem"),
        *("created_at", "due_at", "ended_at", "workspace", "requested_by", "about", "sender"),
    )
    readonly_fields = fields

    def workspace_id_of(self, row: OutgoingMail) -> object:  # type: ignore[override]
        """None for mail that is about no workspace, which superusers alone see."""
        return row.workspace_id

    def edit(self, request: HttpRequest, row: OutgoingMail, values: dict[str, object]) -> None:
        """A mail stays as it was written."""

    @admin.action(description="Send again what was given up", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        by = person(request)
        self.for_each(request, queryset, lambda mail: outbox.send_again(mail, by=by), "tried again")
