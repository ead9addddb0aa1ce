"""The API holds to its description under many made-up calls, valid and hostile.

A few hundred in every run, the same ones each time; `GLOZR_FUZZ_CASES=20000` tries as many, and
others each time. What fails is told with the curl line that shows it.
"""

import os
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case

from agents.models import Agent
from tests.experiments.api.contract import (
    OPERATIONS,
    World,
    call,
    make_world,
    one_connection,
    schema,
)

ASKED_FOR = int(os.environ.get("GLOZR_FUZZ_CASES", "0"))
BY_DEFAULT = 260
OF_EACH = -(-(ASKED_FOR or BY_DEFAULT) // (2 * len(OPERATIONS)))
"""With a token and without."""

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(agent: Agent) -> World:
    return make_world(agent)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    with one_connection():
        yield


@schema.parametrize()
@pytest.mark.parametrize("is_anonymous", [False, True], ids=["token", "anonymous"])
@settings(
    max_examples=OF_EACH,
    derandomize=not ASKED_FOR,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    # Every call is rolled back, so that the next one finds the world as it was.
    suppress_health_check=list(HealthCheck),
)
def test_no_answer_is_a_fault_or_undescribed(
    case: Case[Any], world: World, is_anonymous: bool
) -> None:
    experiment = world.experiments[crc32(repr(case.body).encode()) % 3]
    with transaction.atomic():
        call(
            case,
            world,
            experiment if "experiment_id" in case.path_parameters else None,
            is_anonymous=is_anonymous,
        )
        transaction.set_rollback(True)
