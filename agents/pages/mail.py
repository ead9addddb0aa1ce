"""Mail about a workspace that did not arrive, as those see it who manage its members."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from agents import access
from agents.mail import outbox
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission


@require_safe
def undelivered_mail(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    found = workspace.mail.failed().select_related("requested_by")
    context = {"page": frame.paged(request, found)}
    return frame.workspace_page(
        request, workspace, "agents/workspaces/undelivered_mail.html", context, section="members"
    )


@require_POST
def mail_send_again(request: PageRequest, workspace_id: UUID, mail_id: UUID) -> HttpResponse:
    mail = access.mail_for(request.user, workspace_id, mail_id)
    outbox.send_again(mail, by=request.user)
    messages.success(request, f"The mail to {mail.recipient} is tried again for another day.")
    return redirect("undelivered_mail", workspace_id)
