"""The API answers as its published description says, whatever is sent to it."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis import Case

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Experiment, VariantTotals
from experiments.results.verdicts import VerdictKind
from experiments.visitors.leaving_out import leave_out
from tests.experiments.api.contract import (
    CONVERSATION,
    LEAD,
    OPERATIONS,
    World,
    call,
    make_world,
    one_connection,
    schema,
)
from tests.factories import ExperimentFactory, persona_variants

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(agent: Agent) -> World:
    return make_world(agent)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    with one_connection():
        yield


@schema.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    # Every call is rolled back, so that the next one finds the world as it was.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_answer_is_as_described(case: Case[Any], world: World) -> None:
    for experiment in world.experiments if "experiment_id" in case.path_parameters else (None,):
        with transaction.atomic():
            call(case, world, experiment)
            transaction.set_rollback(True)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_that_it_takes_a_token(name: str) -> None:
    assert {"token": []} in OPERATIONS[name]["security"]


DRAFT = {"name": "Aria or Max", "kind": "persona", "variants": persona_variants()}
VISITOR = {"visitor_id": "ada"}
MESSAGE = {**VISITOR, "role": "visitor", "content": "Hello"}
SUCCESSES: Mapping[str, tuple[str, int, Any]] = {
    "resolve_assignment": ("", 200, VISITOR),
    "record_message": ("", 201, MESSAGE),
    "record_lead": ("", 201, {**VISITOR, "email": "ada@example.com"}),
    "evaluate_flag": ("", 200, {"context": {"targetingKey": "ada"}}),
    "list_experiments": ("", 200, None),
    "create_experiment": ("", 201, DRAFT),
    "get_experiment": ("running", 200, None),
    "edit_experiment": ("draft", 200, DRAFT),
    "delete_experiment": ("running", 204, None),
    "start_experiment": ("draft", 200, {"on_conflict": "stop_current"}),
    "stop_experiment": ("running", 200, None),
    "schedule_experiment": ("draft", 200, {"ends": {"visitors": 5, "when_decided": True}}),
    "remove_schedule": ("draft", 204, None),
    "duplicate_experiment": ("stopped", 201, {"name": "Again"}),
    "conclude_experiment": ("running", 200, {"outcome": "abandoned", "learned": "Nobody came."}),
    "edit_conclusion": ("used", 200, {"learned": "Warmth pays."}),
    "put_variant_into_use": ("used", 403, None),  # for people alone
    "take_back_variant": ("used", 200, None),
    "get_results": ("running", 200, None),
    "plan_experiment": ("", 200, None),
    "list_left_out": ("", 200, None),
    "leave_out": ("", 201, {"kind": "domain", "value": "glozr.example"}),
    "count_in": ("", 204, None),
    "merge_visitors": ("", 200, {"from": "ada", "into": "bob"}),
    "erase_visitor": ("", 200, VISITOR),
    "export_visitor": ("", 200, VISITOR),
    "list_daily_results": ("running", 200, None),
    "list_experiment_history": ("running", 200, None),
    "list_agent_history": ("", 200, None),
    "list_leads": ("", 200, None),
    "get_lead": ("", 200, None),
    "change_lead_status": ("", 200, {"status": "won"}),
    "list_conversations": ("", 200, None),
    "get_conversation": ("", 200, None),
    "list_messages": ("", 200, None),
    **{
        f"export_{what}{ending}": ("stopped", 200, None)
        for what in (
            *("agent_history", "assignments", "conversations", "experiment_history", "leads"),
            *("messages", "results"),
        )
        for ending in ("", "_workbook")
    },
}


def test_every_operation_is_tried_by_hand_as_well() -> None:
    assert SUCCESSES.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", SUCCESSES)
def test_a_success_is_as_described(world: World, name: str) -> None:
    state, status, body = SUCCESSES[name]
    experiment = getattr(world, state or "draft")
    operation = schema.find_operation_by_id(name)
    ids = {
        "agent_id": str(world.agent.pk),
        "experiment_id": str(experiment.pk),
        "rule_id": str(leave_out(world.agent.workspace, kind="visitor", value="qa", by=None).pk),
        "conversation_id": CONVERSATION,
        "lead_id": LEAD,
    }
    needed = {key: ids[key] for key in ids if f"{{{key}}}" in operation.path}
    case = operation.Case(path_parameters=needed, **({} if body is None else {"body": body}))
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {world.key}"})
    assert answer.status_code == status, answer.text


def count(experiment: Experiment, counts: Sequence[tuple[int, int]]) -> None:
    """Store that each variant had so many visitors, and so many of them left a lead, on two days.

    The visitors of the second variant and all after write twice on the second day.
    """
    now = timezone.now()
    for variant, (visitors, converted) in zip(experiment.variants.all(), counts, strict=True):
        for days_ago, messages in (2, visitors), (1, visitors * (1 + (variant.position > 0))):
            VariantTotals.objects.create(
                agent=experiment.agent,
                variant=variant,
                assigned_from=now - timedelta(days=days_ago),
                visitors=visitors,
                converted=converted,
                leads=converted,
                conversations=visitors,
                sessions=visitors,
                sessions_squared=visitors,
                messages=messages,
                messages_squared=messages**2 // max(visitors, 1),
                seconds=90 * visitors,
                seconds_squared=90**2 * visitors + 7 * converted,
                seconds_sessions=90 * visitors,
            )


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        pytest.param([(0, 0), (0, 0)], VerdictKind.COUNTS, id="none"),
        pytest.param([(1, 0), (0, 0)], VerdictKind.COUNTS, id="one"),
        pytest.param([(3, 0), (2, 1)], VerdictKind.COUNTS, id="few"),
        pytest.param([(300, 0), (300, 2)], VerdictKind.OPEN, id="no leads in the control"),
        pytest.param([(300, 30), (310, 33)], VerdictKind.OPEN, id="many"),
        pytest.param([(400, 40), (410, 140)], VerdictKind.DECIDED, id="decided"),
        pytest.param([(400, 40), (0, 0)], VerdictKind.ALARM, id="a variant without visitors"),
        pytest.param([(200, 9 * n) for n in range(10)], VerdictKind.DECIDED, id="ten variants"),
    ],
)
def test_results_are_as_described(
    world: World, counts: list[tuple[int, int]], kind: VerdictKind
) -> None:
    variants = [{**persona_variants()[0], "name": f"v{number}"} for number in range(len(counts))]
    experiment = ExperimentFactory.create(agent=world.agent, variants=variants)
    lifecycle.start(experiment, by=None, on_conflict=lifecycle.OnConflict.KEEP_RUNNING)
    count(experiment, counts)
    case = schema.find_operation_by_id("get_results").Case(
        path_parameters={"agent_id": str(world.agent.pk), "experiment_id": str(experiment.pk)}
    )
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {world.key}"})
    assert answer.json()["verdict"]["kind"] == kind
    assert answer.json()["visitors"] == 2 * sum(visitors for visitors, _ in counts)


@pytest.mark.parametrize("change", ["drop", "add"])
def test_a_member_that_is_not_as_described_is_noticed(world: World, change: str) -> None:
    operation = schema.find_operation_by_id("get_results")
    ids = {"agent_id": str(world.agent.pk), "experiment_id": str(world.running.pk)}
    answer = operation.Case(path_parameters=ids).call(
        headers={"Authorization": f"Bearer {world.key}"}
    )
    assert operation.is_valid_response(answer)
    body = answer.json()
    lift = body["metrics"][0]["variants"][1]["against_control"]["relative"]
    if change == "drop":
        del lift["reason"]
    else:
        lift["surprise"] = 1
    answer.content = json.dumps(body).encode()
    assert not operation.is_valid_response(answer)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("record_lead", {**VISITOR, "email": "ada@example.com"}),
        ("create_experiment", DRAFT),
    ],
)
def test_a_body_that_is_too_large_is_as_described(
    world: World, name: str, body: dict[str, Any]
) -> None:
    case = schema.find_operation_by_id(name).Case(
        path_parameters={"agent_id": str(world.agent.pk)}, body={**body, "name": "x" * 300_000}
    )
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {world.key}"})
    assert answer.status_code == 413


@pytest.fixture
def api(world: World, client: Client) -> Client:
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {world.key}"
    return client


def root(world: World) -> str:
    return f"/api/v1/agents/{world.agent.pk}/experiments/"


@pytest.mark.parametrize(
    "place", ["p=2026", "p=abc", "p=2026-11-24", "p=2026-11-24T09:30:00", "o=x", "\xff"]
)
def test_a_cursor_that_is_made_up_is_bad_input(api: Client, world: World, place: str) -> None:
    cursor = b64encode(place.encode("latin-1")).decode()
    answer = api.get(root(world), {"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("size", ["0", "-1", "abc", "", "1.5", "9" * 5_000])
def test_a_page_of_no_size_is_bad_input(api: Client, world: World, size: str) -> None:
    answer = api.get(root(world), {"page_size": size})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "page_size"


def test_a_page_that_is_too_large_is_cut_to_the_largest(api: Client, world: World) -> None:
    ExperimentFactory.create_batch(97, agent=world.agent)
    assert len(api.get(root(world), {"page_size": "1000"}).json()["results"]) == 100


@pytest.mark.parametrize("asked_for", ["text/csv", "application/json", "*/*"])
def test_the_export_is_csv_whatever_is_asked_for(api: Client, world: World, asked_for: str) -> None:
    url = f"{root(world)}{world.running.pk}/assignments.csv"
    answer = api.get(url, headers={"accept": asked_for})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")


@pytest.mark.parametrize("body", ["null", "[]", "0", "false", '""'])
@pytest.mark.parametrize("step", ["duplicate/", "start/"])
def test_a_body_that_is_no_object_starts_nothing(
    api: Client, world: World, step: str, body: str
) -> None:
    url = f"{root(world)}{world.stopped.pk}/{step}"
    assert api.post(url, body, content_type="application/json").status_code == 400
    assert world.agent.experiments.count() == 4


def test_a_wrong_method_is_told_the_right_one(api: Client, world: World) -> None:
    answer = api.get(f"/api/v1/agents/{world.agent.pk}/assignments/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")
