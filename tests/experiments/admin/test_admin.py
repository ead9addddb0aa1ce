"""Experiments in the admin: the same services, rules and refusals as on the pages."""

import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, User
from experiments import lifecycle
from experiments.admin.experiments import WITHOUT_VARIANTS
from experiments.lifecycle import editing
from experiments.models import Action, Assignment, Event, Experiment, Variant
from tests.factories import AgentFactory, ExperimentFactory, WorkspaceFactory
from tests.roles import Cast
from tests.runtime import Runtime
from tests.world import MAX_QUERIES

LIST = "/admin/experiments/experiment/"


def signed_in(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(cast: Cast) -> Client:
    """An Admin who is staff."""
    return signed_in(cast.admin)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return ExperimentFactory.create(agent=agent, name="Aria or Max")


def change(experiment: Experiment) -> str:
    return reverse("admin:experiments_experiment_change", args=[experiment.pk])


def rows(*variants: dict[str, Any], stored: tuple[Variant, ...] = ()) -> dict[str, Any]:
    form: dict[str, Any] = {
        "variants-TOTAL_FORMS": len(variants),
        "variants-INITIAL_FORMS": len(stored),
    }
    for index, variant in enumerate(variants):
        form |= {f"variants-{index}-{field}": value for field, value in variant.items()}
    for index, row in enumerate(stored):
        form |= {f"variants-{index}-id": row.pk, f"variants-{index}-experiment": row.experiment_id}
    return form


def arm(name: str, weight: object = 50, **more: Any) -> dict[str, Any]:
    config = json.dumps({"persona": {"name": name}})
    return {"name": name, "weight": weight, "config": config, **more}


def filled(experiment: Experiment, **changes: Any) -> dict[str, Any]:
    """The form of `experiment` as a browser would send it back."""
    stored = tuple(experiment.variants.all())
    variants = [arm(row.name, row.weight, position=row.position) for row in stored]
    return {
        "name": experiment.name,
        "hypothesis": experiment.hypothesis,
        "kind": experiment.kind,
        "seen_version": experiment.version,
        **rows(*variants, stored=stored),
        **changes,
    }


def errors(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    found = dict(response.context["adminform"].form.errors)
    (formset,) = [inline.formset for inline in response.context["inline_admin_formsets"]]
    for index, form in enumerate(formset.forms):
        found |= {f"variants.{index}.{field}": told for field, told in form.errors.items()}
    if formset.non_form_errors():
        found["variants"] = formset.non_form_errors()
    return found


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def act(client: Client, action: str, *experiments: Experiment, **more: str) -> Any:
    selected = [str(experiment.pk) for experiment in experiments]
    return client.post(LIST, {"action": action, "_selected_action": selected, **more})


def stored(experiment: Experiment) -> Experiment:
    return Experiment.with_tombstones.get(pk=experiment.pk)


class TestAdding:
    def test_without_rows_gives_control_and_treatment(self, client: Client, agent: Agent) -> None:
        form = {"agent": agent.pk, "name": "New", "kind": "persona", "hypothesis": "", **rows()}
        assert client.post(f"{LIST}add/", form).status_code == 302

        made = Experiment.objects.get(name="New")
        assert [(v.name, v.weight) for v in made.variants.all()] == [
            ("control", 50),
            ("treatment", 50),
        ]
        assert made.is_draft

    def test_says_so_where_one_is_added_and_nowhere_else(
        self, client: Client, experiment: Experiment
    ) -> None:
        assert WITHOUT_VARIANTS in client.get(f"{LIST}add/").text
        assert WITHOUT_VARIANTS not in client.get(f"{LIST}{experiment.pk}/change/").text

    def test_keeps_rows_in_the_order_asked_for(self, client: Client, agent: Agent) -> None:
        arms = [arm("second", 1, position=2), arm("last", 3), arm("first", 2, position=1)]
        form = {"agent": agent.pk, "name": "New", "kind": "persona", **rows(*arms)}
        assert client.post(f"{LIST}add/", form).status_code == 302

        made = Experiment.objects.get(name="New")
        assert [v.name for v in made.variants.all()] == ["first", "second", "last"]

    def test_is_in_the_history_with_the_persons_name(
        self, client: Client, agent: Agent, cast: Cast
    ) -> None:
        client.post(f"{LIST}add/", {"agent": agent.pk, "name": "New", "kind": "cta", **rows()})

        event = Event.objects.get(experiment__name="New")
        assert (event.action, event.actor, event.actor_name) == (
            Action.CREATED,
            cast.admin,
            str(cast.admin),
        )

    def test_every_broken_rule_stands_at_its_field(self, client: Client, agent: Agent) -> None:
        ExperimentFactory.create(agent=agent, name="Taken")
        arms = [
            arm("control", 0),
            arm("CONTROL", 5),
            {"name": "bare", "weight": 1, "config": "{}"},
            {"name": "list", "weight": 1, "config": "[1]"},
        ]
        form = {"agent": agent.pk, "name": "Bad", "kind": "persona", **rows(*arms)}
        found = errors(client.post(f"{LIST}add/", form))

        assert found.keys() == {
            "variants.0.weight",
            "variants.1.name",
            "variants.2.config",
            "variants.3.config",
        }
        form = {"agent": agent.pk, "name": "Taken", "kind": "cta", **rows()}
        assert errors(client.post(f"{LIST}add/", form)).keys() == {"name"}
        form = {"agent": agent.pk, "name": "One", "kind": "persona", **rows(arm("only"))}
        assert errors(client.post(f"{LIST}add/", form)).keys() == {"variants"}
        assert Experiment.objects.count() == 1

    @pytest.mark.parametrize(
        "config", ["{", "[" * 100_000, "9" * 5_000, '{"a": NaN}', '{"a": "\\u0000"}', "{'a': 1}"]
    )
    def test_odd_json_is_told_at_its_field(self, config: str, client: Client, agent: Agent) -> None:
        arms = [arm("control"), {"name": "odd", "weight": 1, "config": config}]
        form = {"agent": agent.pk, "name": "Odd", "kind": "cta", **rows(*arms)}

        assert errors(client.post(f"{LIST}add/", form)).keys() == {"variants.1.config"}

    def test_anothers_agent_is_no_choice(self, client: Client, cast: Cast) -> None:
        foreign = AgentFactory.create(workspace=WorkspaceFactory.create())
        form = {"agent": foreign.pk, "name": "New", "kind": "cta", **rows()}

        assert errors(client.post(f"{LIST}add/", form)).keys() == {"agent"}
        assert not Experiment.objects.exists()


class TestEditing:
    def test_goes_through_the_service(self, client: Client, experiment: Experiment) -> None:
        form = filled(experiment, name="Renamed") | {"variants-1-weight": 25}
        assert client.post(change(experiment), form).status_code == 302

        edited = stored(experiment)
        assert (edited.name, edited.version) == ("Renamed", experiment.version + 1)
        assert [v.weight for v in edited.variants.all()] == [50, 25]
        event = Event.objects.get(experiment=experiment, action=Action.EDITED)
        assert event.changes.keys() == {"name", "variants"}

    def test_rows_can_be_struck_out_and_added(self, client: Client, experiment: Experiment) -> None:
        form = filled(experiment) | {"variants-0-DELETE": "on"}
        form |= rows(*[{}] * 2, arm("third", position=0))
        form |= rows(stored=tuple(experiment.variants.all()))
        form |= {"variants-TOTAL_FORMS": 3}
        assert client.post(change(experiment), form).status_code == 302

        assert [v.name for v in stored(experiment).variants.all()] == ["third", "treatment"]

    def test_out_of_date_is_told_and_nothing_is_overwritten(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        form = filled(experiment, name="Mine")
        editing.edit(experiment, sent={"name": "Theirs"}, by=cast.owner)
        response = client.post(change(experiment), form)

        assert "changed this since you opened it" in response.text
        assert stored(experiment).name == "Theirs"

    def test_deleted_meanwhile_is_not_found(
        self, client: Client, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edit = editing.edit

        def deleted_first(*args: Any, **kwargs: Any) -> Experiment:
            lifecycle.delete(experiment, by=None)
            return edit(*args, **kwargs)

        monkeypatch.setattr(editing, "edit", deleted_first)
        response = client.post(change(experiment), filled(experiment, name="Late"))

        # The deletion happened inside the request's own transaction and is undone with it.
        assert "It may have been deleted" in response.text
        assert stored(experiment).name == "Aria or Max"

    def test_of_a_running_one_leaves_variants_alone(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        running = lifecycle.start(experiment, by=cast.owner)
        form = filled(running, name="Renamed", kind="cta") | {"variants-0-weight": 1}
        assert client.post(change(running), form).status_code == 302

        edited = stored(running)
        assert (edited.name, edited.kind) == ("Renamed", "persona")
        assert [v.weight for v in edited.variants.all()] == [50, 50]

    def test_started_meanwhile_is_told(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        form = filled(experiment) | {"variants-0-weight": 1}
        lifecycle.start(experiment, by=cast.owner)
        response = client.post(change(experiment), form)

        assert "changed this since you opened it" in response.text
        assert [v.weight for v in stored(experiment).variants.all()] == [50, 50]

    def test_stopped_with_assignments_stays_frozen(
        self, client: Client, experiment: Experiment, cast: Cast, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=cast.owner)
        runtime.resolve("visitor")
        stopped = lifecycle.stop(experiment, by=cast.owner)
        form = filled(stopped) | {"variants-0-weight": 1}
        client.post(change(stopped), form)

        assert [v.weight for v in stored(stopped).variants.all()] == [50, 50]

    def test_editor_looks_only(self, cast: Cast, experiment: Experiment) -> None:
        editor = signed_in(cast.editor)

        assert editor.get(change(experiment)).status_code == 200
        assert editor.post(change(experiment), filled(experiment, name="X")).status_code == 403
        assert stored(experiment).name == "Aria or Max"


class TestLifecycle:
    def test_start_stops_the_current(
        self, client: Client, experiment: Experiment, agent: Agent, cast: Cast
    ) -> None:
        current = ExperimentFactory.create(agent=agent)
        lifecycle.start(current, by=cast.owner)
        act(client, "start_and_stop_current", experiment)

        assert stored(experiment).is_running
        assert stored(current).is_stopped

    def test_start_keeps_the_current(
        self, client: Client, experiment: Experiment, agent: Agent, cast: Cast
    ) -> None:
        current = ExperimentFactory.create(agent=agent)
        lifecycle.start(current, by=cast.owner)
        act(client, "start_and_keep_running", experiment)

        assert stored(experiment).is_running
        assert stored(current).is_running

    def test_what_is_refused_is_told_and_the_rest_goes_on(
        self, client: Client, experiment: Experiment, agent: Agent
    ) -> None:
        other = AgentFactory.create(workspace=agent.workspace)
        incomplete = editing.create(
            agent=other, sent={"name": "Incomplete", "kind": "persona"}, by=None
        )
        response = act(client, "start_and_stop_current", incomplete, experiment)

        assert "Give the persona a name, a tone, or both." in told(response)
        assert stored(incomplete).is_draft
        assert stored(experiment).is_running

    @pytest.mark.parametrize("action", ["start_and_stop_current", "start_and_keep_running"])
    def test_two_of_one_agent_are_not_started_at_once(
        self, client: Client, experiment: Experiment, agent: Agent, action: str
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        response = act(client, action, experiment, other)

        assert "Choose one of each agent" in told(response)
        assert stored(experiment).is_draft
        assert stored(other).is_draft

    def test_stop_and_duplicate(self, client: Client, experiment: Experiment, cast: Cast) -> None:
        lifecycle.start(experiment, by=cast.owner)
        act(client, "stop", experiment)
        act(client, "duplicate", experiment)

        assert stored(experiment).is_stopped
        copy = Experiment.objects.get(name="Aria or Max (copy)")
        event = Event.objects.get(experiment=copy)
        assert event.actor == cast.admin

    def test_stopping_a_draft_is_told(self, client: Client, experiment: Experiment) -> None:
        assert "has not been started" in told(act(client, "stop", experiment))

    @pytest.mark.parametrize("who", ["editor", "outsider"])
    def test_actions_are_refused_to_others(
        self, who: str, cast: Cast, experiment: Experiment
    ) -> None:
        other = signed_in(getattr(cast, who))
        for action in ("start_and_stop_current", "delete_selected", "duplicate"):
            act(other, action, experiment, post="yes")

        assert stored(experiment).is_draft
        assert not stored(experiment).is_deleted
        assert Experiment.objects.count() == 1

    def test_action_reaches_only_where_the_role_allows(
        self, cast: Cast, experiment: Experiment
    ) -> None:
        """An Editor here who is an Owner elsewhere sees both and starts one."""
        own = WorkspaceFactory.create(owner=cast.editor)
        theirs = ExperimentFactory.create(agent__workspace=own)
        client = signed_in(cast.editor)
        response = act(client, "start_and_stop_current", experiment, theirs)

        assert "your role doesn't allow this" in told(response)
        assert stored(experiment).is_draft
        assert stored(theirs).is_running
        assert act(client, "delete_selected", experiment, theirs, post="yes").status_code == 403
        assert not stored(theirs).is_deleted


class TestDeleting:
    def test_stops_and_leaves_a_tombstone(
        self, client: Client, experiment: Experiment, cast: Cast, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=cast.owner)
        runtime.resolve("visitor")
        address = reverse("admin:experiments_experiment_delete", args=[experiment.pk])
        assert "It is running, and deleting stops it" in client.get(address).text
        assert client.post(address, {"post": "yes"}).status_code == 302

        assert stored(experiment).is_deleted
        assert stored(experiment).is_stopped
        assert Assignment.objects.filter(experiment=experiment).exists()
        assert Event.objects.filter(experiment=experiment, action=Action.DELETED).exists()
        assert client.get(change(experiment)).status_code == 404

    def test_of_several_goes_through_the_service(
        self, client: Client, experiment: Experiment, agent: Agent
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        asked = act(client, "delete_selected", experiment, other)
        assert "Aria or Max" in asked.text
        assert not stored(experiment).is_deleted
        act(client, "delete_selected", experiment, other, post="yes")

        assert stored(experiment).is_deleted
        assert stored(other).is_deleted
        assert Event.objects.filter(action=Action.DELETED).count() == 2

    def test_deleted_ones_are_shown_to_superusers_alone(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        lifecycle.delete(experiment, by=cast.owner)
        root = signed_in(cast.superuser)

        def shown(who: Client, query: str) -> list[Experiment]:
            return list(who.get(f"{LIST}?{query}").context["cl"].result_list)

        assert shown(root, "") == []
        assert shown(root, "deleted=yes") == [experiment]
        assert shown(client, "deleted=any") == []
        page = root.get(change(experiment))
        assert page.status_code == 200
        assert not page.context["has_change_permission"]
        assert root.post(change(experiment), filled(experiment)).status_code == 403


@pytest.mark.parametrize("who", ["admin", "editor", "superuser"])
def test_pages_take_few_queries_whatever_the_number_of_rows(
    who: str, cast: Cast, experiment: Experiment, runtime: Runtime
) -> None:
    client = signed_in(getattr(cast, who))
    lifecycle.start(experiment, by=cast.owner)
    for wanted in (1, 200):
        have = Experiment.objects.count()
        Experiment.objects.bulk_create(
            Experiment(agent=cast.agent, name=f"Number {have + n}", kind="cta")
            for n in range(wanted - have)
        )
        runtime.resolve(f"visitor-{wanted}")
        for model in ("experiment", "variant", "event", "assignment", "pendingcount"):
            with CaptureQueriesContext(connection) as queries:
                response = client.get(f"/admin/experiments/{model}/")
            assert response.context["cl"].result_list
            assert len(queries) <= MAX_QUERIES, (model, [each["sql"] for each in queries])
        with CaptureQueriesContext(connection) as queries:
            client.get(change(experiment))
        assert len(queries) <= MAX_QUERIES, [each["sql"] for each in queries]
