"""Between views and templates: the frame around a page, and what views have in common.

A view has no refusal to remember: every page but the few marked `login_not_required` asks for
a signed-in person, and what services refuse becomes a page, both in `glozr.edge.refusals`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from agents import limits, roles
from agents.models import Agent, User, Workspace
from agents.navigation import PageTab, agent_tabs, workspace_tabs
from agents.roles import Permission
from glozr.errors import Invalid

_Row = TypeVar("_Row", bound=Model)
ROWS_A_PAGE = 25
WORKSPACE_KEY = "workspace"
"""Where the session keeps the id of the workspace that was used last."""


class PageRequest(HttpRequest):
    """A request of somebody signed in, as every view of a page gets it."""

    user: User
    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Tab:
    section: str
    label: str
    url: str


def posted(request: HttpRequest) -> QueryDict | None:
    """What to bind a form to: nothing as long as nothing was sent."""
    return request.POST if request.method == "POST" else None


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """A page; one that is about what is wrong with the form that was sent answers 400, unless the
    view knows better."""
    form = context.get("form")
    is_sent = request.method == "POST" and status == HTTPStatus.OK
    if is_sent and isinstance(form, BaseForm) and form.errors:
        status = HTTPStatus.BAD_REQUEST
    return render(request, template, context, status=status)


def agent_page(
    request: PageRequest,
    agent: Agent,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    section: str,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """A page of one agent; `section` is the tab that it stands under.

    The template gets `agent`, `workspace` and `can`, the permissions of whoever looks.
    """
    can = roles.permissions_of(request.user, agent.workspace)
    frame = {
        "agent": agent,
        "workspace": agent.workspace,
        "can": can,
        "section": section,
        "tabs": _shown(agent_tabs(), of=agent.pk, can=can),
    }
    return page(request, template, {**frame, **(context or {})}, status=status)


def workspace_page(
    request: PageRequest,
    workspace: Workspace,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    section: str,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """A page of one workspace; its template gets `workspace` and `can`."""
    can = roles.permissions_of(request.user, workspace)
    tabs = _shown(workspace_tabs(), of=workspace.pk, can=can)
    frame = {"workspace": workspace, "can": can, "section": section, "tabs": tabs}
    return page(request, template, {**frame, **(context or {})}, status=status)


def _shown(tabs: Sequence[PageTab], *, of: UUID, can: Collection[str]) -> list[Tab]:
    return [
        Tab(tab.section, tab.label, reverse(tab.url_name, args=[of]))
        for tab in tabs
        if not tab.needed or tab.needed in can
    ]


def paged(request: HttpRequest, rows: QuerySet[_Row], *, per_page: int = ROWS_A_PAGE) -> Page[_Row]:
    """The page of `rows` that `?page=` asks for; the nearest there is when that is none."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def search_term(request: HttpRequest) -> str:
    """What `?search=` asks for, without what no text in the database can hold."""
    term = request.GET.get("search", "")[: limits.SEARCH_TERM]
    return "".join(character for character in term if character.isprintable()).strip()


def workspaces_of(user: User) -> QuerySet[Workspace]:
    return roles.workspaces_for(user, Permission.VIEW)


def current_workspace(
    request: HttpRequest, among: Iterable[Workspace] | None = None
) -> Workspace | None:
    """The workspace used last if it is still theirs, else the first of theirs, if any."""
    user = request.user
    assert isinstance(user, User)
    last = str(request.session.get(WORKSPACE_KEY, ""))
    for workspace in among or ():
        if str(workspace.pk) == last:
            return workspace
    found = workspaces_of(user)
    return (found.filter(pk=UUID(last)).first() if last else None) or found.first()


def remember(request: HttpRequest, workspace: Workspace) -> None:
    """Make this the workspace that `current_workspace` finds."""
    request.session[WORKSPACE_KEY] = str(workspace.pk)


def add_errors(form: BaseForm, invalid: Invalid) -> None:
    """Put each error at its field; what has no field in this form goes above the form."""
    for error in invalid.errors:
        known = error.field in form.fields
        form.add_error(error.field if known else NON_FIELD_ERRORS, error.detail)
