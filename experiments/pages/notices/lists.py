"""A workspace's notices, and whether one has them mailed."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents import access
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.models import Notice
from experiments.notices import preferences, reading
from experiments.notices.words import title_of

_SECTION = "notices"


@dataclass(frozen=True, slots=True)
class NoticeRow:
    notice: Notice
    title: str
    is_new: bool


@require_safe
def notice_list(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """The newest first. What is on the page has been seen by then."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.VIEW)
    page = frame.paged(request, reading.notices_of(workspace))
    news = reading.mark_seen(request.user, page)
    context = {
        "page": page,
        "rows": [NoticeRow(notice, title_of(notice), notice.pk in news) for notice in page],
        "is_mailed": preferences.wants_mail(request.user, workspace),
    }
    return frame.workspace_page(
        request, workspace, "experiments/notices/notice_list.html", context, section=_SECTION
    )


@require_POST
def notice_mail(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.VIEW)
    is_wanted = request.POST.get("wanted") == "yes"
    preferences.choose_mail(request.user, workspace, is_wanted=is_wanted)
    what = "are mailed to you from now" if is_wanted else "are no longer mailed to you"
    messages.success(request, f"Notices of {workspace} {what}.")
    return redirect("notice_list", workspace.pk)


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def notice_mail_off(request: HttpRequest, link: str) -> HttpResponse:
    """For who reads the mail, signed in or not. Looking turns nothing off, as programs look at
    links too; a POST does, also that of a mail program (RFC 8058), which has no cookie of ours: the
    link itself is the proof."""
    is_off = request.method == "POST"
    find = preferences.turn_off_by_link if is_off else preferences.workspace_of_link
    context = {"workspace_name": find(link).name, "is_off": is_off}
    return frame.page(request, "experiments/notices/mail_off.html", context)
