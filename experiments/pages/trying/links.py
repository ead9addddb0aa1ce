"""Links that show a chosen variant to whoever opens them."""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.access import experiment_for
from experiments.models import Variant
from experiments.pages.browse import SECTION
from experiments.runtime.preview_links import link_code, link_ends_at, revoke_links

SITE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class VariantLink:
    """`url` is the whole link, or what to put at the end of an address where none was given."""

    variant: Variant
    url: str


@require_http_methods(["GET", "HEAD", "POST"])
def preview_links(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponse:
    """Whoever sees an experiment may try it; revoking, which ends others' links, is for who runs
    it."""
    permission = Permission.RUN if request.method == "POST" else Permission.VIEW
    experiment = experiment_for(request.user, agent_id, experiment_id, permission)
    if request.method == "POST":
        revoke_links(experiment)
        messages.success(request, "The links made until now are refused. These are new ones.")
        return redirect("preview_links", agent_id, experiment_id)
    site = request.GET.get("site", _demo_shop(request)).strip()[:SITE_LENGTH]
    is_address = _is_address(site)
    context = {
        "experiment": experiment,
        "links": [
            VariantLink(variant, _link(site if is_address else "", link_code(experiment, variant)))
            for variant in experiment.variants.all()
        ],
        "ends_at": link_ends_at(),
        "site": site,
        "is_address": is_address,
    }
    return frame.agent_page(
        request, experiment.agent, "experiments/trying/links.html", context, section=SECTION
    )


def _demo_shop(request: PageRequest) -> str:
    """The demo's own site; elsewhere we don't know where a customer's chat is."""
    return request.build_absolute_uri(reverse("demo_shop")) if settings.DEMO_SHOP_PORT else ""


def _is_address(site: str) -> bool:
    try:
        parts = urlsplit(site)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _link(site: str, code: str) -> str:
    parts = urlsplit(site)
    query = "&".join(filter(None, (parts.query, urlencode({"preview": code}))))
    return urlunsplit(parts._replace(query=query))
