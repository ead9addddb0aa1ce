"""Experiments over HTTP: by role, by ability, and through their whole life."""

import json
from typing import Any

import pytest
from django.test import Client

from agents.models import Ability, Agent, Role, User
from experiments import lifecycle
from experiments.models import Assignment, Event, Experiment
from tests.factories import (
    AgentFactory,
    ExperimentFactory,
    MembershipFactory,
    persona_variants,
    unused_id,
)
from tests.roles import Cast
from tests.runtime import Answer, Runtime

pytestmark = pytest.mark.django_db

DRAFT = {"name": "Aria or Max", "kind": "persona", "variants": persona_variants()}
FIELDS = {
    "id",
    "agent",
    "name",
    "hypothesis",
    "kind",
    "status",
    "is_active",
    "started_at",
    "stopped_at",
    "created_at",
    "version",
    "variants",
}


class Api:
    """The management API of one agent, called by a person or with a token."""

    def __init__(self, agent: Agent, *, user: User | None = None, key: str = "") -> None:
        self.root = f"/api/v1/agents/{agent.pk}/experiments/"
        self.client = Client(headers={"authorization": f"Bearer {key}"} if key else {})
        if user:
            self.client.force_login(user)

    def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        response = self.client.generic(
            method,
            path if path.startswith(("/", "http")) else self.root + path,
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers,
        )
        content = json.loads(response.content) if response.content else None
        return Answer(response.status_code, content, response.headers)


@pytest.fixture
def api(cast: Cast) -> Api:
    return Api(cast.agent, user=cast.owner)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return ExperimentFactory.create(agent=agent)


CALLS: dict[str, tuple[str, str, Any, int]] = {
    "list": ("GET", "", None, 200),
    "read": ("GET", "{id}/", None, 200),
    "create": ("POST", "", DRAFT, 201),
    "edit": ("PATCH", "{id}/", {"name": "Renamed"}, 200),
    "start": ("POST", "{id}/start/", {}, 200),
    "stop": ("POST", "{id}/stop/", None, 409),  # it is a draft, and reaching the rule is enough
    "duplicate": ("POST", "{id}/duplicate/", {}, 201),
    "delete": ("DELETE", "{id}/", None, 204),
}
READS = {"list", "read"}


def statuses(api: Api, experiment: Experiment, call: str) -> tuple[int, int]:
    """The status of a call and the one it has for somebody who may."""
    method, path, body, success = CALLS[call]
    return api.call(method, path.format(id=experiment.pk), body).status, success


@pytest.mark.parametrize("call", CALLS)
class TestWhoMayCall:
    @pytest.mark.parametrize("role", ["owner", "admin", "superuser"])
    def test_owners_and_admins_may(
        self, cast: Cast, experiment: Experiment, call: str, role: str
    ) -> None:
        status, success = statuses(Api(cast.agent, user=getattr(cast, role)), experiment, call)
        assert status == success

    def test_editors_only_look(self, cast: Cast, experiment: Experiment, call: str) -> None:
        status, success = statuses(Api(cast.agent, user=cast.editor), experiment, call)
        assert status == (success if call in READS else 403)

    def test_to_outsiders_nothing_is_there(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        status, _ = statuses(Api(cast.agent, user=cast.outsider), experiment, call)
        assert status == 404

    def test_strangers_have_to_sign_in(self, cast: Cast, experiment: Experiment, call: str) -> None:
        status, _ = statuses(Api(cast.agent), experiment, call)
        assert status == 401

    @pytest.mark.parametrize("ability", Ability.values)
    def test_tokens_by_their_abilities(
        self, cast: Cast, experiment: Experiment, call: str, ability: str
    ) -> None:
        api = Api(cast.agent, key=Runtime.of(cast.agent, ability).key)
        status, success = statuses(api, experiment, call)
        needed = Ability.READ if call in READS else Ability.WRITE
        assert status == (success if ability == needed else 403)

    def test_a_token_of_another_workspace_finds_nothing(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        api = Api(cast.agent, key=Runtime.of(AgentFactory.create(), *Ability.values).key)
        assert statuses(api, experiment, call)[0] == 404

    def test_another_agents_experiment_is_not_found(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        sibling = AgentFactory.create(workspace=cast.workspace)
        status, success = statuses(Api(sibling, user=cast.owner), experiment, call)
        names_it = "{id}" in CALLS[call][1]
        assert status == (404 if names_it else success)

    def test_a_former_member_is_an_outsider(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        from agents import roles

        roles.take_out_of(cast.admin, cast.workspace)
        assert statuses(Api(cast.agent, user=cast.admin), experiment, call)[0] == 404


def test_a_person_needs_the_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.owner)
    response = client.post(
        f"/api/v1/agents/{cast.agent.pk}/experiments/", DRAFT, content_type="application/json"
    )
    assert response.status_code == 403
    assert not Experiment.objects.exists()


class TestCreate:
    def test_answers_with_the_whole_draft(self, api: Api, agent: Agent) -> None:
        created = api.call("POST", body=DRAFT)
        assert created.status == 201
        assert set(created.body) == FIELDS
        assert (created["status"], created["is_active"]) == ("draft", False)
        assert created["agent"] == str(agent.pk)
        assert [variant["position"] for variant in created["variants"]] == [0, 1]
        assert [variant["share"] for variant in created["variants"]] == [0.5, 0.5]
        assert created.headers["ETag"] == '"1"'

    def test_begins_with_control_and_treatment(self, api: Api) -> None:
        created = api.call("POST", body={"name": "Offer", "kind": "cta"})
        setup = [(variant["name"], variant["weight"]) for variant in created["variants"]]
        assert setup == [("control", 50), ("treatment", 50)]

    def test_a_persona_control_begins_as_the_agent_and_the_treatment_must_be_filled_in(
        self, api: Api, agent: Agent
    ) -> None:
        created = api.call("POST", body={"name": "Persona", "kind": "persona"})
        control, _ = created["variants"]
        assert control["config"] == {"persona": agent.persona}
        refused = api.call("POST", f"{created['id']}/start/")
        assert refused.status == 400
        assert [error["field"] for error in refused["errors"]] == ["variants.1.config.persona"]

    def test_names_every_broken_rule(self, api: Api) -> None:
        variants = [
            {"name": "A", "weight": 0, "config": {}},
            {"name": "a", "weight": "2", "config": {"persona": {"tone": "x" * 501, "age": 7}}},
        ]
        refused = api.call("POST", body={"name": " ", "kind": "persona", "variants": variants})
        assert refused.status == 400
        assert {error["field"] for error in refused["errors"]} == {
            "name",
            "variants.0.weight",
            "variants.0.config.persona",
            "variants.1.name",
            "variants.1.weight",
            "variants.1.config.persona.tone",
            "variants.1.config.persona.age",
        }
        assert not Experiment.objects.exists()

    def test_refuses_a_name_that_is_taken(self, api: Api, experiment: Experiment) -> None:
        refused = api.call("POST", body={**DRAFT, "name": experiment.name})
        assert (refused.status, refused["errors"][0]["field"]) == (400, "name")
        assert refused["errors"][0]["code"] == "name_taken"

    def test_tells_of_a_taken_name_beside_every_other_broken_rule(
        self, api: Api, agent: Agent, experiment: Experiment
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        broken = {"name": experiment.name, "kind": "banner"}
        for method, path in (("POST", ""), ("PATCH", f"{other.pk}/")):
            refused = api.call(method, path, body=broken)
            found = {error["field"]: error["code"] for error in refused["errors"]}
            assert found == {"name": "name_taken", "kind": "invalid_choice"}

    def test_but_a_deleted_experiments_name_is_free(self, api: Api, experiment: Experiment) -> None:
        lifecycle.delete(experiment, by=None)
        assert api.call("POST", body={**DRAFT, "name": experiment.name}).status == 201

    @pytest.mark.parametrize("body", [[], "text", 5, True])
    def test_refuses_what_is_no_object(self, api: Api, body: Any) -> None:
        assert api.call("POST", body=body).status == 400


class TestList:
    def test_pages_by_cursor_the_newest_first(self, api: Api, agent: Agent) -> None:
        made = [str(ExperimentFactory.create(agent=agent).pk) for _ in range(7)]
        found, path = [], "?page_size=3"
        while path:
            page = api.call("GET", path)
            found += [one["id"] for one in page["results"]]
            path = page["next"]
        assert found == made[::-1]

    def test_filters_by_status_and_name(self, api: Api, agent: Agent) -> None:
        ExperimentFactory.create(agent=agent, name="Aria or Max")
        running = lifecycle.start(ExperimentFactory.create(agent=agent, name="Offer"), by=None)
        names = [one["name"] for one in api.call("GET", "?search=aria")["results"]]
        assert names == ["Aria or Max"]
        (found,) = api.call("GET", "?status=running")["results"]
        assert (found["id"], found["is_active"]) == (str(running.pk), True)

    @pytest.mark.parametrize("query", ["?status=nonsense", "?search=%00", "?cursor=nonsense"])
    def test_bad_queries_are_no_failures(self, api: Api, query: str) -> None:
        assert api.call("GET", query).status in {200, 400, 404}

    def test_takes_as_many_queries_for_many_as_for_one(
        self, api: Api, agent: Agent, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(30):
            ExperimentFactory.create(agent=agent)
        with django_assert_max_num_queries(8):
            assert len(api.call("GET")["results"]) == 25


class TestEdit:
    def test_replaces_the_variants_and_says_what_changed(
        self, api: Api, experiment: Experiment
    ) -> None:
        variants = [*persona_variants(), {**persona_variants()[1], "name": "third", "weight": 100}]
        edited = api.call("PATCH", f"{experiment.pk}/", {"variants": variants})
        assert [variant["share"] for variant in edited["variants"]] == [0.25, 0.25, 0.5]
        assert edited["version"] == 2
        event = Event.objects.filter(action="edited").get()
        before, after = event.changes["variants"]
        assert (len(before), len(after)) == (2, 3)

    def test_what_changes_nothing_is_no_step(self, api: Api, experiment: Experiment) -> None:
        assert api.call("PATCH", f"{experiment.pk}/", {"name": experiment.name})["version"] == 1
        assert not Event.objects.filter(action="edited").exists()

    @pytest.mark.parametrize("tag", ['"1"', "1", 'W/"1"', "*"])
    def test_a_current_version_passes(self, api: Api, experiment: Experiment, tag: str) -> None:
        edited = api.call("PATCH", f"{experiment.pk}/", {"name": "New"}, **{"if-match": tag})
        assert edited.status == 200

    @pytest.mark.parametrize("tag", ['"7"', "nonsense", "²", "9" * 40])
    def test_another_is_told(self, api: Api, experiment: Experiment, tag: str) -> None:
        refused = api.call("PATCH", f"{experiment.pk}/", {"name": "New"}, **{"if-match": tag})
        assert (refused.status, refused["code"]) == (412, "out_of_date")

    @pytest.mark.parametrize("change", [{"kind": "cta"}, {"variants": persona_variants()[::-1]}])
    def test_what_decides_is_frozen_while_it_runs(
        self, api: Api, experiment: Experiment, change: dict[str, Any]
    ) -> None:
        lifecycle.start(experiment, by=None)
        refused = api.call("PATCH", f"{experiment.pk}/", change)
        assert (refused.status, refused["code"]) == (409, "frozen")
        allowed = {"name": "New name", "hypothesis": "New reason"}
        assert api.call("PATCH", f"{experiment.pk}/", allowed).status == 200

    def test_and_once_anybody_is_assigned(
        self, api: Api, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        lifecycle.stop(experiment, by=None)
        change = {"variants": persona_variants()[::-1]}
        assert api.call("PATCH", f"{experiment.pk}/", change).status == 200
        lifecycle.start(experiment, by=None)
        runtime.resolve("ada")
        lifecycle.stop(experiment, by=None)
        assert api.call("PATCH", f"{experiment.pk}/", {"kind": "trigger"})["code"] == "frozen"


class TestLifecycle:
    def test_start_stop_and_start_again(self, api: Api, experiment: Experiment) -> None:
        started = api.call("POST", f"{experiment.pk}/start/")
        assert (started["status"], started["is_active"]) == ("running", True)
        assert started["started_at"]
        stopped = api.call("POST", f"{experiment.pk}/stop/")
        assert (stopped["status"], stopped["is_active"]) == ("stopped", False)
        again = api.call("POST", f"{experiment.pk}/stop/")
        assert (again.status, again.body) == (200, stopped.body)
        restarted = api.call("POST", f"{experiment.pk}/start/")
        assert restarted["started_at"] > started["started_at"]
        assert restarted["stopped_at"] is None

    def test_a_draft_can_t_be_stopped(self, api: Api, experiment: Experiment) -> None:
        assert api.call("POST", f"{experiment.pk}/stop/")["code"] == "not_started"

    def test_what_runs_can_t_be_started(self, api: Api, experiment: Experiment) -> None:
        api.call("POST", f"{experiment.pk}/start/")
        assert api.call("POST", f"{experiment.pk}/start/")["code"] == "already_running"

    def test_a_second_one_has_to_say_what_becomes_of_the_first(
        self, api: Api, agent: Agent, experiment: Experiment
    ) -> None:
        lifecycle.start(ExperimentFactory.create(agent=agent, name="Aria or Max"), by=None)
        refused = api.call("POST", f"{experiment.pk}/start/")
        assert (refused.status, refused["code"]) == (409, "another_running")
        assert "Aria or Max" in refused["detail"]

    @pytest.mark.parametrize(
        ("choice", "fate"), [("stop_current", "stopped"), ("keep_running", "running")]
    )
    def test_stop_current_or_keep_running(
        self, api: Api, agent: Agent, experiment: Experiment, choice: str, fate: str
    ) -> None:
        running = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        started = api.call("POST", f"{experiment.pk}/start/", {"on_conflict": choice})
        assert started["is_active"]
        other = api.call("GET", f"{running.pk}/")
        assert (other["status"], other["is_active"]) == (fate, False)

    @pytest.mark.parametrize("choice", ["nonsense", 5, None, []])
    def test_no_other_choice(self, api: Api, experiment: Experiment, choice: Any) -> None:
        refused = api.call("POST", f"{experiment.pk}/start/", {"on_conflict": choice})
        assert refused.status == 400

    def test_a_copy_is_a_new_draft(
        self, api: Api, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        runtime.resolve("ada")
        names = [api.call("POST", f"{experiment.pk}/duplicate/")["name"] for _ in range(2)]
        assert names == [f"{experiment.name} (copy)", f"{experiment.name} (copy 2)"]
        named = api.call("POST", f"{experiment.pk}/duplicate/", {"name": "Second try"})
        assert (named.status, named["status"], named["name"]) == (201, "draft", "Second try")
        keys = ("name", "weight", "config")
        original = api.call("GET", f"{experiment.pk}/")
        assert [{key: variant[key] for key in keys} for variant in named["variants"]] == [
            {key: variant[key] for key in keys} for variant in original["variants"]
        ]

    def test_a_deleted_one_is_nowhere_and_its_assignments_remain(
        self, api: Api, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        conversation = runtime.resolve("ada")["conversation_id"]
        assert api.call("DELETE", f"{experiment.pk}/").status == 204
        assert api.call("GET", f"{experiment.pk}/").status == 404
        assert api.call("GET")["results"] == []
        tombstone = Experiment.with_tombstones.get(pk=experiment.pk)
        assert (tombstone.status, tombstone.is_deleted) == ("stopped", True)
        assert Assignment.objects.filter(experiment=tombstone).count() == 1
        assert runtime.resolve("ada", conversation_id=conversation).variant is not None

    def test_every_step_is_in_the_history_with_who_took_it(
        self, api: Api, cast: Cast, experiment: Experiment
    ) -> None:
        for method, path in (
            ("PATCH", ""),
            ("POST", "start/"),
            ("POST", "stop/"),
            ("POST", "duplicate/"),
            ("DELETE", ""),
        ):
            body = {"hypothesis": "Warmth sells."} if method == "PATCH" else None
            api.call(method, f"{experiment.pk}/{path}", body)
        steps = Event.objects.filter(experiment=experiment).order_by("created_at")
        assert [step.action for step in steps] == [
            "created",
            "edited",
            "started",
            "stopped",
            "duplicated",
            "deleted",
        ]
        assert {step.actor for step in steps[1:]} == {cast.owner}
        assert steps[1].changes == {"hypothesis": ["", "Warmth sells."]}


def test_a_second_workspace_gives_no_rights_in_the_first(cast: Cast) -> None:
    """An Owner there who is an Editor here only looks here."""
    MembershipFactory.create(workspace=cast.workspace, user=cast.outsider, role=Role.EDITOR)
    api = Api(cast.agent, user=cast.outsider)
    assert api.call("GET").status == 200
    assert api.call("POST", body=DRAFT).status == 403


def test_an_unknown_experiment_is_not_found(api: Api) -> None:
    assert api.call("GET", f"{unused_id()}/").status == 404


@pytest.mark.parametrize("name", ["\u200b", "\u2060 \u200d", "a\u202eb", "a\x00b", "\u2067a"])
def test_names_that_people_cannot_read_are_refused(api: Api, name: str) -> None:
    variants = persona_variants()
    variants[1]["name"] = name
    answer = api.call("POST", "", {"name": name, "kind": "persona", "variants": variants})
    assert answer.status == 400
    assert {error["field"] for error in answer["errors"]} == {"name", "variants.1.name"}


@pytest.mark.parametrize(
    "name", ["\N{FAMILY}\u200d\N{HEART WITH RIBBON}", "\u05e9\u05dc\u05d5\u05dd", "A\u00a0B"]
)
def test_names_of_all_scripts_are_taken(api: Api, name: str) -> None:
    assert api.call("POST", "", {"name": name, "kind": "persona"}).status == 201
