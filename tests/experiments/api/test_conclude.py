"""Conclude and take back over HTTP, by people and with tokens."""

import pytest

from agents.models import Ability, Agent
from agents.workspaces import tokens
from experiments.models import Experiment
from tests.experiments.api.caller import Api
from tests.experiments.outcomes.concluded import WON, measured, winner_in_use
from tests.roles import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return measured(agent, WON)


@pytest.fixture
def program(cast: Cast) -> Api:
    _, key = tokens.create_token(
        workspace=cast.workspace, name="ci", abilities=[Ability.READ, Ability.WRITE]
    )
    return Api(cast.agent, key=key)


def winner_of(experiment: Experiment) -> str:
    return str(experiment.variants.get(position=1).pk)


def test_the_answer_is_the_experiment_with_its_outcome(api: Api, experiment: Experiment) -> None:
    before = api.call("GET", f"{experiment.pk}/")
    assert [before[name] for name in ("outcome", "concluded_at", "learned")] == [None] * 3
    body = {"outcome": "won", "variant": winner_of(experiment), "learned": "Warmth pays."}
    done = api.call("POST", f"{experiment.pk}/conclude/", {**body, "put_into_use": True})
    assert (done.status, done["status"], done["outcome"]) == (200, "stopped", "won")
    assert done["learned"] == "Warmth pays."
    assert done["concluded_at"].endswith("Z")
    assert done.headers["ETag"] == f'"{done["version"]}"'
    again = api.call("POST", f"{experiment.pk}/conclude/", {**body, "put_into_use": True})
    assert again.body == done.body
    (listed,) = api.call("GET")["results"]
    assert listed == done.body
    assert api.call("POST", f"{experiment.pk}/take-back/").status == 200
    started = api.call("POST", f"{experiment.pk}/start/")
    assert (started.status, started["code"]) == (409, "concluded")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"outcome": "lost"}, 400, "invalid"),
        ({"outcome": "won"}, 400, "invalid"),
        ({"outcome": "abandoned", "surprise": 1}, 400, "invalid"),
        ({"outcome": "abandoned"}, 409, "not_supported"),
        ({"outcome": "abandoned", "reason": "  "}, 409, "not_supported"),
    ],
)
def test_refusals(
    api: Api, experiment: Experiment, body: dict[str, object], status: int, code: str
) -> None:
    refused = api.call("POST", f"{experiment.pk}/conclude/", body)
    assert (refused.status, refused["code"]) == (status, code)


def test_a_token_concludes_and_takes_back_but_puts_nothing_into_use(
    program: Api, agent: Agent, experiment: Experiment
) -> None:
    body = {"outcome": "won", "variant": winner_of(experiment)}
    refused = program.call("POST", f"{experiment.pk}/conclude/", {**body, "put_into_use": True})
    assert (refused.status, refused["code"]) == (403, "permission_denied")
    assert Experiment.objects.get(pk=experiment.pk).is_running
    assert program.call("POST", f"{experiment.pk}/conclude/", body).status == 200
    used = measured(agent, WON)
    winner_in_use(used)
    assert program.call("POST", f"{used.pk}/take-back/").status == 200
    assert Agent.objects.get(pk=agent.pk).persona["name"] == "Max"


def test_a_person_puts_the_winner_into_use_later_and_a_token_does_not(
    api: Api, program: Api, agent: Agent, experiment: Experiment
) -> None:
    address = f"{experiment.pk}/put-into-use/"
    early = api.call("POST", address)
    assert (early.status, early["code"]) == (409, "not_concluded")
    body = {"outcome": "won", "variant": winner_of(experiment)}
    assert api.call("POST", f"{experiment.pk}/conclude/", body).status == 200
    refused = program.call("POST", address)
    assert (refused.status, refused["code"]) == (403, "permission_denied")
    assert api.call("POST", address).status == 200
    assert Agent.objects.get(pk=agent.pk).persona["name"] == "Aria"


def test_what_was_learned_is_written_anew_by_who_saw_it(
    api: Api, program: Api, experiment: Experiment
) -> None:
    address = f"{experiment.pk}/conclusion/"
    said = {"learned": "Warmth pays at night."}
    early = api.call("PATCH", address, said)
    assert (early.status, early["code"]) == (409, "not_concluded")
    body = {"outcome": "won", "variant": winner_of(experiment), "learned": "Warmth pays."}
    seen = api.call("POST", f"{experiment.pk}/conclude/", body).headers["ETag"]
    edited = program.call("PATCH", address, said, **{"If-Match": seen})
    assert (edited.status, edited["learned"]) == (200, "Warmth pays at night.")
    assert edited.headers["ETag"] != seen
    late = api.call("PATCH", address, {"learned": ""}, **{"If-Match": seen})
    assert (late.status, late["code"]) == (412, "out_of_date")
    assert api.call("PATCH", address, {"learned": "x" * 2_001}).status == 400
