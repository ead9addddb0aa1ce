"""Links to results: made and ended by who runs experiments, read by whoever has one."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.access import experiment_for
from experiments.outcomes import sharing
from experiments.pages.browse import SECTION
from experiments.pages.listing import split_of
from experiments.pages.results.context import results_context
from experiments.pages.steps import confirmed_step
from glozr.edge.replica import from_replica
from glozr.errors import Conflict


@confirmed_step
def experiment_share(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    """The links; the address of a new one is in the answer to the POST and nowhere else."""
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    address, status = "", HTTPStatus.OK
    if request.method == "POST":
        try:
            secret = sharing.share(experiment, by=request.user)
        except Conflict as conflict:
            messages.error(request, conflict.detail)
            status = HTTPStatus.CONFLICT
        else:
            address = request.build_absolute_uri(reverse("shared_results", args=[secret]))
    context = {
        "experiment": experiment,
        "address": address,
        "links": sharing.links_of(experiment),
    }
    return frame.agent_page(
        request,
        experiment.agent,
        "experiments/outcomes/share.html",
        context,
        section=SECTION,
        status=status,
    )


@require_POST
def experiment_unshare(
    request: PageRequest, agent_id: UUID, experiment_id: UUID, link_id: UUID
) -> HttpResponse:
    experiment = experiment_for(request.user, agent_id, experiment_id, Permission.RUN)
    sharing.unshare(experiment, link_id, by=request.user)
    messages.success(request, "The link is revoked and shows nothing now.")
    return redirect("experiment_share", agent_id, experiment_id)


@login_not_required
@require_safe
@from_replica
def shared_results(request: HttpRequest, share_secret: str) -> HttpResponse:
    """Results for who has the link: figures alone, nothing of visitors, people or other
    experiments."""
    experiment = sharing.shared_experiment(share_secret)
    context = {
        "experiment": experiment,
        "split": split_of(experiment),
        **results_context(experiment, is_for_outsiders=True, with_curves=True),
    }
    response = render(request, "experiments/outcomes/shared.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
