"""What Prometheus may know of us: requests, their latency, assignments by source, what failed or
was refused, what goes on beside requests, and readings of the database.

Every process counts into files of its own under GLOZR_DATA_DIR, which /metrics adds up; processes
of one machine that are to be seen together share that folder. What is read of the database is read
when somebody asks.
"""

import os
from collections.abc import Iterable
from secrets import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from glozr.observe.readings import readings

FOLDER = settings.DATA_DIR / "metrics"
# prometheus_client reads this once, at its import.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(FOLDER))
FOLDER.mkdir(parents=True, exist_ok=True)

from prometheus_client import (  # noqa: E402
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

REQUESTS = Counter("glozr_requests", "Requests answered", ["route", "status"])
LATENCY = Histogram(
    "glozr_request_seconds",
    "Time to answer a request, in seconds",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
ASSIGNMENTS = Counter("glozr_assignments", "Resolutions by the rule that answered", ["source"])
DATABASE_ERRORS = Counter(
    "glozr_database_errors", "Errors of the database, by kind; rows that break a key not", ["kind"]
)
LIMITS_HIT = Counter("glozr_limits_hit", "Requests refused by a limit", ["limit"])
NOTICES = Counter("glozr_notices", "What experiments came to, alarms too", ["kind"])
STEPS_TAKEN = Counter("glozr_background_steps", "Steps beside requests", ["step", "outcome"])
STEP_SECONDS = Counter("glozr_background_seconds", "Time spent in such steps", ["step"])
LAST_STEP = Gauge(
    "glozr_background_last_success_timestamp_seconds",
    "When such a step last went well, by Unix time",
    ["step"],
    multiprocess_mode="max",
)


class _Readings:
    """For a registry; without any where the database is away."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        up = GaugeMetricFamily("glozr_database_up", "Whether the database answers", value=1)
        try:
            read = [(one, one.value()) for one in readings()]
        except (OperationalError, InterfaceError):
            connection.close()
            yield GaugeMetricFamily(up.name, up.documentation, value=0)
            return
        yield up
        for one, value in read:
            yield GaugeMetricFamily(one.name, one.documentation, value=value)


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
    registry.register(_Readings())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
