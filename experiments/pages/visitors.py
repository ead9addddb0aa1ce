"""Who counts: rules that leave visitors out, ids that are one visitor, erasing and exporting."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from agents import access
from agents import limits as agent_limits
from agents.models import Agent
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from experiments import limits
from experiments.models import RuleKind
from experiments.visitors import erasing, exporting, leaving_out, merging
from glozr.errors import Conflict, Invalid

_SECTION = "visitors"
MERGE_IDS, EXPORT_IDS, ERASE_IDS = "merge_%s", "export_%s", "erase_%s"
"""Of fields: several forms on the page ask for a visitor's id."""


def _id_field(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=agent_limits.VISITOR_ID,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class RuleForm(forms.Form):
    kind = forms.ChoiceField(label="Leave out by", choices=RuleKind.choices)
    """Bots have a button of their own."""
    value = forms.CharField(
        label="Which",
        max_length=limits.LEFT_OUT_VALUE,
        strip=False,
        help_text="Such as qa-7, the beginning qa-, or the domain of your own addresses.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["kind"].widget.choices = [
            choice for choice in RuleKind.choices if choice[0] != RuleKind.BOTS
        ]
        self.fields["value"].required = self["kind"].value() != RuleKind.BOTS


class MergeForm(forms.Form):
    visitor_id = _id_field("This id")
    into = _id_field("is the visitor")


class VisitorForm(forms.Form):
    visitor_id = _id_field("Visitor id")


@require_http_methods(["GET", "HEAD", "POST"])
def visitors(request: PageRequest, agent_id: UUID) -> HttpResponse:
    """The rules of the workspace; a POST adds one."""
    agent = _agent(request, agent_id)
    form = RuleForm(frame.posted(request))
    if form.is_valid():
        try:
            rule = leaving_out.leave_out(agent.workspace, **form.cleaned_data, by=request.user)
        except (Invalid, Conflict) as refusal:
            _tell(form, refusal)
        else:
            count = "count" if rule.kind == RuleKind.BOTS else "counts"
            messages.success(request, f"{rule} {count} no more, in any experiment.")
            return redirect("visitors", agent.pk)
    return _page(request, agent, form=form)


@require_POST
def visitor_rule_remove(request: PageRequest, agent_id: UUID, rule_id: UUID) -> HttpResponse:
    agent = _agent(request, agent_id)
    leaving_out.count_in(agent.workspace, rule_id, by=request.user)
    messages.success(request, "Counted in again, in all experiments.")
    return redirect("visitors", agent.pk)


@require_POST
@proof_required
def visitor_merge(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = _agent(request, agent_id)
    form = MergeForm(request.POST, auto_id=MERGE_IDS)
    if form.is_valid():
        try:
            is_news = merging.merge(agent, **form.cleaned_data, by=request.user)
        except (Invalid, Conflict) as refusal:
            _tell(form, refusal)
        else:
            told = "They are one visitor now." if is_news else "They were one visitor already."
            messages.success(request, told)
            return redirect("visitors", agent.pk)
    return _page(request, agent, merge_form=form)


@require_POST
@proof_required
def visitor_export(request: PageRequest, agent_id: UUID) -> HttpResponseBase:
    agent = _agent(request, agent_id)
    form = VisitorForm(request.POST, auto_id=EXPORT_IDS)
    if not form.is_valid():
        return _page(request, agent, export_form=form)
    pieces = exporting.everything_of(agent, form.cleaned_data["visitor_id"], by=request.user)
    return StreamingHttpResponse(
        pieces,
        content_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="visitor.json"'},
    )


@require_POST
@proof_required
def visitor_erase(request: PageRequest, agent_id: UUID) -> HttpResponse:
    """Asks first, with what would go; the id is typed again."""
    agent = _agent(request, agent_id)
    form = VisitorForm(request.POST, auto_id=ERASE_IDS)
    if not form.is_valid():
        return _page(request, agent, erase_form=form)
    visitor_id = form.cleaned_data["visitor_id"]
    if request.POST.get("sure") != "yes":
        context = {"visitor_id": visitor_id, "held": erasing.held_of(agent, visitor_id)}
        return frame.agent_page(
            request, agent, "experiments/visitors/erase.html", context, section=_SECTION
        )
    erased = erasing.erase_visitor(agent, visitor_id, by=request.user)
    messages.success(
        request,
        f"Erased: {erased.conversations:,} conversations and {erased.leads:,} leads. The figures "
        "are what they were.",
    )
    return redirect("visitors", agent.pk)


def _agent(request: PageRequest, agent_id: UUID) -> Agent:
    return access.agent_for(request.user, agent_id, Permission.MANAGE_VISITORS)


def _page(request: PageRequest, agent: Agent, **forms_sent: forms.Form) -> HttpResponse:
    context = {
        "form": RuleForm(),
        "merge_form": MergeForm(auto_id=MERGE_IDS),
        "export_form": VisitorForm(auto_id=EXPORT_IDS),
        "erase_form": VisitorForm(auto_id=ERASE_IDS),
        "page": frame.paged(
            request, leaving_out.rules_of(agent.workspace).exclude(kind=RuleKind.BOTS)
        ),
        "bots_rule": leaving_out.bots_rule(agent.workspace),
        **forms_sent,
    }
    is_refused = any(form.errors for form in forms_sent.values())
    return frame.agent_page(
        request,
        agent,
        "experiments/visitors/visitors.html",
        context,
        section=_SECTION,
        status=400 if is_refused else 200,
    )


def _tell(form: forms.Form, refusal: Invalid | Conflict) -> None:
    if isinstance(refusal, Invalid):
        frame.add_errors(form, refusal)
    else:
        form.add_error(None, refusal.detail)
