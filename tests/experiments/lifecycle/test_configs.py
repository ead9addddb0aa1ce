"""What a config weighs is the same when it is accepted and when its experiment is started."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agents.models import Agent
from experiments import lifecycle
from experiments.configuration import changed_setup, setup_of
from experiments.lifecycle import editing
from experiments.limits import MAX_CONFIG_BYTES
from experiments.models import Experiment
from glozr.errors import Invalid

pytestmark = pytest.mark.django_db

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
)


def variants(config: Any) -> list[dict[str, Any]]:
    return [
        {"name": "control", "weight": 1, "config": {}},
        {"name": "treatment", "weight": 1, "config": config},
    ]


def make(agent: Agent, config: Any, name: str = "Offer") -> Experiment:
    sent = {"name": name, "kind": "cta", "variants": variants(config)}
    return editing.create(agent=agent, sent=sent, by=None)


@given(st.dictionaries(WORDS, VALUES, max_size=4))
@example({"large": 1e300, "small": 5e-324, "zero": -0.0, "long": [1.5e16, {"deep": -1e22}]})
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_config_is_kept_as_the_database_gives_it_back(config: dict[str, Any]) -> None:
    sent = {"name": "A", "kind": "cta", "variants": variants(config)}
    current = setup_of(Experiment(name="A", kind="cta"))
    accepted = changed_setup(sent, current=current, is_taken=lambda name: False).variants[1].config
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [json.dumps(accepted)])
        (again,) = cursor.fetchone()
    assert json.dumps(json.loads(again), sort_keys=True) == json.dumps(accepted, sort_keys=True)


def filled(numbers: int, bytes_short: int = 0) -> dict[str, Any]:
    """A config of 16 KiB as it is kept, with so many numbers that grow on the way."""
    config: dict[str, Any] = {"numbers": [1e300] * numbers, "text": ""}
    kept = {**config, "numbers": [10**300] * numbers}
    config["text"] = "é" * 2 + "x" * (MAX_CONFIG_BYTES - 4 - len(json.dumps(kept)) - bytes_short)
    return config


@pytest.mark.parametrize("numbers", [0, 1, 50])
def test_what_is_accepted_at_the_limit_is_started(agent: Agent, numbers: int) -> None:
    lifecycle.start(make(agent, filled(numbers)), by=None)


@pytest.mark.parametrize("numbers", [0, 1, 50])
def test_a_byte_more_is_refused_at_once(agent: Agent, numbers: int) -> None:
    with pytest.raises(Invalid) as refused:
        make(agent, filled(numbers, bytes_short=-1))
    assert [error.code for error in refused.value.errors] == ["too_large"]


def test_a_set_up_sent_back_as_it_was_sent_changes_nothing(agent: Agent) -> None:
    """Though it runs, so that a change would be refused."""
    experiment = make(agent, {"large": 1e300})
    lifecycle.start(experiment, by=None)
    sent = {"variants": variants({"large": 1e300})}
    editing.edit(experiment, sent=sent, by=None)
    assert not experiment.events.filter(action="edited").exists()
