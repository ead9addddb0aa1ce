"""What Prometheus may know of us: requests, their latency, and assignments by source.

Every worker counts into files of its own under GLOZR_DATA_DIR, which /metrics adds up.
"""

import os
from secrets import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

FOLDER = settings.DATA_DIR / "metrics"
# prometheus_client reads this once, at its import.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(FOLDER))
FOLDER.mkdir(parents=True, exist_ok=True)

from prometheus_client import (  # noqa: E402
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

REQUESTS = Counter("glozr_requests", "Requests answered", ["route", "status"])
LATENCY = Histogram(
    "glozr_request_seconds",
    "Time to answer a request, in seconds",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
ASSIGNMENTS = Counter("glozr_assignments", "Resolutions by the rule that answered", ["source"])


def forget_earlier_processes() -> None:
    """Remove the counts of an earlier run; call it before the first worker starts."""
    for file in FOLDER.glob("*.db"):
        file.unlink(missing_ok=True)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Open to who sends GLOZR_METRICS_TOKEN as a bearer token; without one set, to nobody."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    sent = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not compare_digest(sent.encode(), expected.encode()):
        raise Http404
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
