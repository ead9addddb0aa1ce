"""A request's id and its trace reach the statements that the database sees, and the log."""

import json
import logging
from io import StringIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from glozr.observe import logs
from glozr.observe.request_id import trace_parent
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def statements(client: Client, **headers: str) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        client.get("/app/", headers=headers, follow=True)
    return [one["sql"] for one in seen]


def test_statements_of_a_page_name_their_request_and_trace(cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    seen = statements(client, **{"x-request-id": "mine-1", "traceparent": TRACE})
    told = [sql for sql in seen if sql.startswith("SELECT")]
    assert told
    assert all(sql.endswith(f"/*request_id='mine-1',traceparent='{TRACE}'*/") for sql in told)
    assert all("traceparent" not in sql for sql in statements(client, traceparent="*/ DROP"))


def test_statements_that_are_prepared_do_not(runtime: Runtime) -> None:
    runtime.resolve("ada")
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert not [sql for (sql,) in cursor.fetchall() if "request_id=" in sql]


def test_log_lines_name_the_trace() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.WithoutValues("%(message)s"))
    handler.addFilter(logs.WithRequestId())
    token = trace_parent.set(TRACE)
    try:
        handler.handle(logging.makeLogRecord({"msg": "said"}))
    finally:
        trace_parent.reset(token)
    assert json.loads(stream.getvalue())["trace_id"] == TRACE.split("-")[1]
