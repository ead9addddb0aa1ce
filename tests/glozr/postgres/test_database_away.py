"""The database goes away and comes back, under the real server."""

import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from bench.stack import Stack
from tests.harness.installations import installation

VISITOR = {"visitor_id": "ada"}
FLAG = {"context": {"targetingKey": "ada"}}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with installation(tmp_path_factory.mktemp("away")) as stack:
        stack.start_server()
        yield stack


def refused_in_time(stack: Stack) -> None:
    for _ in range(4):  # every worker, however requests are dealt out
        began = time.monotonic()
        with stack.api() as api:
            answer = api.post("assignments/", json=VISITOR)
            flag = api.post(f"{stack.url}/ofrep/v1/evaluate/flags/{stack.demo['agent']}", json=FLAG)
        assert answer.status_code == flag.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert answer.json()["code"] == "unavailable"
        assert flag.json()["errorCode"] == "GENERAL"
        for refused in (answer, flag):
            assert int(refused.headers["Retry-After"]) >= 1
        assert time.monotonic() - began < 2
    assert httpx.get(f"{stack.url}/healthz").status_code == httpx.codes.OK
    assert httpx.get(f"{stack.url}/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE
    page = httpx.get(f"{stack.url}/accounts/login/")
    assert page.status_code in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE)


def serves_again(stack: Stack) -> None:
    stack.wait_for("/readyz", 10)
    for _ in range(6):
        with stack.api() as api:
            answer = api.post("assignments/", json=VISITOR)
        assert answer.status_code == httpx.codes.OK, answer.text
        assert answer.json()["variant"]


def test_workers_that_have_served_nothing_do_not_start_it_again(stack: Stack) -> None:
    until = time.monotonic() + 20
    while not stack.is_whole() and time.monotonic() < until:
        time.sleep(0.05)
    stack.postgres.stop()
    refused_in_time(stack)
    stack.postgres.ensure_running()
    serves_again(stack)


def test_service_resumes_by_itself_after_a_stop(stack: Stack) -> None:
    serves_again(stack)
    stack.postgres.stop()
    refused_in_time(stack)
    stack.postgres.ensure_running()
    serves_again(stack)


def test_service_resumes_by_itself_after_a_crash(stack: Stack) -> None:
    stack.postmaster().send_signal(signal.SIGKILL)
    time.sleep(0.5)
    refused_in_time(stack)
    stack.postgres.ensure_running()
    serves_again(stack)


def test_a_restart_between_two_requests_is_not_noticed(stack: Stack) -> None:
    serves_again(stack)
    stack.postgres.stop()
    stack.postgres.ensure_running()
    serves_again(stack)
