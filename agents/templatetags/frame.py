"""What the frame around every page needs, and small things that all pages draw."""

import re
from datetime import UTC, datetime
from typing import Any

from django import template
from django.conf import settings
from django.db.models import Case, Exists, OuterRef, When
from django.template.context import Context
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from agents.models import Membership, Role, User
from agents.navigation import workspace_news
from agents.pages import frame
from glozr.zones import moment_in_words

register = template.Library()
SHOWN_WORKSPACES = 20


@register.inclusion_tag("includes/workspace_menu.html", takes_context=True)
def workspace_menu(context: Context) -> dict[str, Any]:
    """The workspaces of whoever is signed in, the current one marked."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return {}
    news, theirs = workspace_news(), frame.workspaces_of(user)
    shown = context.get("workspace")
    # Of the current one alone: the database does not work out what is not asked for.
    asked = shown.pk if shown else request.session.get(frame.WORKSPACE_KEY)
    if news:
        is_asked = When(pk=asked, then=news.unseen(user.pk))
        theirs = theirs.annotate(unseen=Case(is_asked, default=0))
    owners = Membership.objects.filter(workspace=OuterRef("pk"), role=Role.OWNER)
    is_kept = Exists(owners.exclude(user=user.pk))  # by another Owner
    theirs = theirs.annotate(may_be_left=Case(When(pk=asked, then=is_kept), default=True))
    found = list(theirs[: SHOWN_WORKSPACES + 1])
    current = shown or frame.current_workspace(request, found)
    may_be_left = next((one.may_be_left for one in found if one == current), True)
    unseen = next((getattr(one, "unseen", 0) for one in found if one == current), 0)
    return {
        "current": current,
        "news": news,
        "news_url": reverse(news.url_name, args=[current.pk]) if news and current else "",
        "unseen": unseen or 0,
        "workspaces": found[:SHOWN_WORKSPACES],
        "may_leave": not user.is_superuser and may_be_left,
        "more": len(found) > SHOWN_WORKSPACES,
    }


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decoration: the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name
    )


@register.simple_tag
def local_time(
    moment: datetime | None, form: str = "datetime", time_zone: str = ""
) -> SafeString | str:
    """A time in UTC that app.js puts into the reader's zone; `form` is datetime or date.

    On a page that has one clock for everything it is given that `time_zone`, and stays in it.
    """
    if moment is None:
        return "\N{EN DASH}"
    if time_zone:
        there = moment_in_words(moment, time_zone)
        text = there.partition(",")[0] if form == "date" else there
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), text)
    utc = moment.astimezone(UTC)
    text = f"{utc:%d %b %Y}" if form == "date" else f"{utc:%d %b %Y, %H:%M} UTC"
    return format_html('<time datetime="{}" data-local="{}">{}</time>', utc.isoformat(), form, text)


@register.simple_tag
def demo_shop_is_served() -> bool:
    return bool(settings.DEMO_SHOP_PORT)


@register.simple_tag
def demo_roles() -> list[tuple[str, str]]:
    """The roles that the demo signs anybody in as; none where real people sign in."""
    return list(Role.choices) if settings.DEMO else []


@register.filter
def with_code(text: str) -> SafeString:
    """`text`, in which what stands between backticks is code."""
    return mark_safe(re.sub("`([^`]+)`", r"<code>\1</code>", escape(text)))


@register.filter
def at_sign_breaks(address: str) -> SafeString:
    """An e-mail address that is broken before its @ rather than within a word."""
    return format_html_join(mark_safe("<wbr>@"), "{}", ((part,) for part in address.split("@")))


@register.filter
def initial(user: User) -> str:
    return str(user)[:1].upper()
