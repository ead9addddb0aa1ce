"""The members of a workspace, and invitations as those see them who send them."""

from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents import access, limits
from agents.models import Invitation, Membership, Role, Workspace
from agents.pages import frame
from agents.pages.forms import InvitationForm, RoleForm
from agents.pages.frame import PageRequest
from agents.pages.invitations import mailed_link
from agents.pages.proof import proof_required
from agents.people import invitations
from agents.roles import Permission, permissions_of
from agents.second_factor import holders
from agents.workspaces import members as services
from glozr.errors import Conflict, Invalid
from glozr.ids import uuid_or_none


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def members(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """The members; inviting one more shows its link here, once."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    form = _invitation_form(request, workspace)
    if form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            invitation, secret = invitations.invite(
                workspace=workspace,
                email=email,
                role=role,
                by=request.user,
                link_of=partial(mailed_link, request),
            )
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            return _invited(request, invitation, secret)
    search = frame.search_term(request)
    found = workspace.memberships.select_related("user").filter(
        Q(user__email__icontains=search)
        | Q(user__first_name__icontains=search)
        | Q(user__last_name__icontains=search)
    )
    page = frame.paged(request, found)
    context = {
        "form": form,
        "page": page,
        "with_second_factor": holders(membership.user_id for membership in page),
        "search": search,
        "invitations": workspace.invitations.select_related("invited_by")[
            : limits.OPEN_INVITATIONS
        ],
        "has_undelivered_mail": workspace.mail.failed().exists(),
    }
    return _page(request, workspace, "agents/workspaces/members.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def member(request: PageRequest, workspace_id: UUID, membership_id: UUID) -> HttpResponse:
    """A member's role. One that takes something from them is asked about first."""
    membership = access.membership_for(request.user, workspace_id, membership_id)
    workspace = membership.workspace
    roles = services.assignable_roles(workspace, by=request.user)
    form = RoleForm(frame.posted(request), roles=roles, initial={"role": membership.role})
    may = membership.role in roles
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        losses = _losses(request, membership, role)
        if may and losses["are_any"] and "confirmed" not in request.POST:
            template = "agents/workspaces/member_demote.html"
            return _page(request, workspace, template, {**losses, "role": role})
        try:
            changed = services.change_role(
                membership, role=role, by=request.user, keep=_kept(request)
            )
        except Conflict as conflict:
            form.add_error("role", conflict.detail)
        else:
            messages.success(request, f"{changed.user} is now an {changed.get_role_display()}.")
            return _back(request, workspace)
    context = {"form": form, "membership": membership, "may": may}
    return _page(request, workspace, "agents/workspaces/member.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def member_remove(request: PageRequest, workspace_id: UUID, membership_id: UUID) -> HttpResponse:
    membership = access.membership_for(request.user, workspace_id, membership_id)
    if request.method == "POST":
        services.remove(membership, by=request.user, keep=_kept(request))
        messages.success(request, f"{membership.user} is no longer a member.")
        return _back(request, membership.workspace)
    return _page(
        request,
        membership.workspace,
        "agents/workspaces/member_remove.html",
        _losses(request, membership, None),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def leave(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    membership = access.own_membership(request.user, workspace_id)
    workspace = membership.workspace
    if request.method == "POST":
        services.remove(membership, by=request.user, keep=_kept(request))
        messages.success(request, f"You have left {workspace}.")
        return redirect("agent_list")
    return frame.workspace_page(
        request,
        workspace,
        "agents/workspaces/leave.html",
        _losses(request, membership, None),
        section="",
    )


@never_cache
@require_POST
@proof_required
def invitation_resend(
    request: PageRequest, workspace_id: UUID, invitation_id: UUID
) -> HttpResponse:
    invitation = access.invitation_for(request.user, workspace_id, invitation_id)
    invitation, secret = invitations.resend(
        invitation, by=request.user, link_of=partial(mailed_link, request)
    )
    return _invited(request, invitation, secret)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_revoke(
    request: PageRequest, workspace_id: UUID, invitation_id: UUID
) -> HttpResponse:
    invitation = access.invitation_for(request.user, workspace_id, invitation_id)
    if request.method == "POST":
        invitations.withdraw(invitation, by=request.user)
        messages.success(request, f"The invitation for {invitation.email} is withdrawn.")
        return _back(request, invitation.workspace)
    return _page(
        request,
        invitation.workspace,
        "agents/people/invitation_revoke.html",
        {"invitation": invitation},
    )


def _invitation_form(request: PageRequest, workspace: Workspace) -> InvitationForm:
    return InvitationForm(
        frame.posted(request),
        roles=services.assignable_roles(workspace, by=request.user),
        initial={"role": Role.EDITOR},
    )


def _invited(request: PageRequest, invitation: Invitation, secret: str) -> HttpResponse:
    """The link is in this answer and nowhere else, so there is nothing to redirect to. What is
    mailed holds the proof as well, which whoever invites must not see."""
    context = {
        "invitation": invitation,
        "link": request.build_absolute_uri(reverse("invitation", args=[secret])),
        "is_mailed": not settings.DEMO,
    }
    return _page(request, invitation.workspace, "agents/people/invited.html", context)


def _losses(request: PageRequest, membership: Membership, role: Role | None) -> dict[str, object]:
    """What the member loses beside the membership or the role, for the page that asks first."""
    tokens = list(
        services.tokens_at_stake(membership, role, by=request.user)[: limits.TOKENS_LISTED]
    )
    invited = list(services.invitations_at_stake(membership, role)[: limits.OPEN_INVITATIONS])
    return {
        "membership": membership,
        "tokens": tokens,
        "invited": invited,
        "are_any": bool(tokens or invited),
    }


def _kept(request: PageRequest) -> set[UUID]:
    """The tokens that were listed and are not to be revoked."""
    shown, revoked = (
        {found for text in request.POST.getlist(name) if (found := uuid_or_none(text))}
        for name in ("listed", "revoke")
    )
    return shown - revoked


def _page(
    request: PageRequest, workspace: Workspace, template: str, context: dict[str, object]
) -> HttpResponse:
    return frame.workspace_page(request, workspace, template, context, section="members")


def _back(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """To the list, or to the start for who has just lost the right to see it."""
    if Permission.MANAGE_MEMBERS in permissions_of(request.user, workspace):
        return redirect("members", workspace.pk)
    return redirect("agent_list")
