"""Whether this process lives, and whether it can serve."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from glozr import RELEASE


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Says nothing of the database, so that none restarts us for it."""
    return JsonResponse({"status": "ok", "release": RELEASE})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and every migration is applied."""
    try:
        pending = _pending_migrations()
    except DatabaseError:
        connection.close()
        return _unavailable("database away")
    if pending:
        return _unavailable("migrations pending")
    return JsonResponse({"status": "ok", "release": RELEASE})


def _unavailable(reason: str) -> JsonResponse:
    answer = {"status": "unavailable", "reason": reason, "release": RELEASE}
    return JsonResponse(answer, status=503)


def _pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
