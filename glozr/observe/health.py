"""Whether this process lives, and whether it can serve."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Says nothing of the database, so that none restarts us for it."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and every migration is applied."""
    try:
        pending = _pending_migrations()
    except DatabaseError:
        connection.close()
        return JsonResponse({"status": "unavailable", "reason": "database away"}, status=503)
    if pending:
        return JsonResponse({"status": "unavailable", "reason": "migrations pending"}, status=503)
    return JsonResponse({"status": "ok"})


def _pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
