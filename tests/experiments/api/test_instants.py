"""Every instant in every answer of the API has one form."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.models import Agent, Message
from experiments import lifecycle
from experiments.models import Experiment
from tests.experiments.api.caller import Api
from tests.factories import unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LIKE_AN_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d")


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)


def instants(answer: Any) -> list[str]:
    found = [text for text in texts(answer) if LIKE_AN_INSTANT.match(text)]
    assert [text for text in found if not INSTANT.fullmatch(text)] == []
    return found


def test_of_the_runtime(runtime: Runtime) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for sent_at in (now.isoformat(), now.strftime("%Y-%m-%dT%H:%M:%S+0000")):
        message = runtime.say("ada", unused_id(), sent_at=sent_at)
        assert instants(message.body) == [f"{now:%Y-%m-%dT%H:%M:%S}.000000Z"]
    assert Message.objects.filter(sent_at=now).count() == 2
    assert len(instants(runtime.leave("ada", "ada@example.com").body)) == 1


def test_of_experiments_and_results(
    api: Api, agent: Agent, experiment: Experiment, runtime: Runtime
) -> None:
    lifecycle.start(experiment, by=None)
    Experiment.objects.filter(pk=experiment.pk).update(
        created_at=datetime(2025, 1, 1, tzinfo=UTC), started_at=datetime(2025, 1, 2, tzinfo=UTC)
    )
    runtime.resolve("ada")
    lifecycle.stop(experiment, by=None)
    assert len(instants(api.call("GET").body)) == 3
    assert "2025-01-01T00:00:00.000000Z" in instants(api.call("GET", f"{experiment.pk}/").body)
    assert len(instants(api.call("GET", f"{experiment.pk}/results/").body)) >= 2
