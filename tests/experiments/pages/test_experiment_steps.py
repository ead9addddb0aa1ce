"""Start, stop, duplicate and delete, each confirmed on a page."""

from http import HTTPStatus

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from agents.models import User
from experiments import lifecycle, limits
from experiments.lifecycle import OnConflict, editing
from experiments.models import Experiment, Variant
from tests.factories import ExperimentFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db

STEPS = ("start", "stop", "schedule", "duplicate", "delete", "edit")


@pytest.fixture
def draft(cast: Cast) -> Experiment:
    return ExperimentFactory.create(agent=cast.agent, name="Aria or Max")


@pytest.fixture
def running(cast: Cast) -> Experiment:
    experiment = ExperimentFactory.create(agent=cast.agent, name="Older one")
    return lifecycle.start(experiment, by=cast.owner)


def url(step: str, experiment: Experiment) -> str:
    return reverse(f"experiment_{step}", args=[experiment.agent_id, experiment.pk])


def seen(experiment: Experiment) -> dict[str, object]:
    """What the form of a page says that was opened just now."""
    return {"version": Experiment.objects.get(pk=experiment.pk).version}


def status_of(experiment: Experiment) -> str:
    return Experiment.objects.get(pk=experiment.pk).status


# ---- who may ----


@pytest.mark.parametrize("step", STEPS)
def test_who_may_take_a_step(client: Client, cast: Cast, draft: Experiment, step: str) -> None:
    answers = {}
    everybody: dict[str, User | None] = {
        "owner": cast.owner,
        "admin": cast.admin,
        "superuser": cast.superuser,
        "editor": cast.editor,
        "outsider": cast.outsider,
        "nobody": None,
    }
    for role, person in everybody.items():
        client.logout()
        if person:
            client.force_login(person)
        answers[role] = client.get(url(step, draft)).status_code
        if role in ("editor", "outsider", "nobody"):
            sent = client.post(url(step, draft), {"name": draft.name}).status_code
            assert sent == (answers[role] if person else HTTPStatus.UNAUTHORIZED)
    allowed = HTTPStatus.FOUND if step == "stop" else HTTPStatus.OK  # a draft can't be stopped
    assert answers == {
        "owner": allowed,
        "admin": allowed,
        "superuser": allowed,
        "editor": HTTPStatus.FORBIDDEN,
        "outsider": HTTPStatus.NOT_FOUND,
        "nobody": HTTPStatus.FOUND,
    }
    assert status_of(draft) == "draft"
    assert Experiment.objects.count() == 1


@pytest.mark.parametrize("step", STEPS)
def test_an_experiment_is_not_found_under_another_agent(
    client: Client, cast: Cast, step: str
) -> None:
    client.force_login(cast.owner)
    elsewhere = ExperimentFactory.create()
    foreign = reverse(f"experiment_{step}", args=[cast.agent.pk, elsewhere.pk])
    assert client.get(foreign).status_code == HTTPStatus.NOT_FOUND
    assert client.post(foreign, {"name": elsewhere.name}).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("step", STEPS)
def test_looking_at_a_confirmation_does_nothing(
    admin: Client, running: Experiment, step: str
) -> None:
    before = running.events.count()
    admin.get(url(step, running))
    assert (status_of(running), running.events.count()) == ("running", before)


# ---- start ----


def test_start_makes_it_the_active_experiment(admin: Client, cast: Cast, draft: Experiment) -> None:
    response = admin.post(url("start", draft), seen(draft))
    assert response["Location"] == draft.get_absolute_url()
    assert status_of(draft) == "running"
    assert draft.events.latest("created_at").actor == cast.admin


def test_a_second_start_is_told_that_it_runs_already(admin: Client, draft: Experiment) -> None:
    admin.post(url("start", draft), seen(draft))
    steps = draft.events.count()
    page = admin.post(url("start", draft), seen(draft), follow=True).content.decode()
    assert "Aria or Max is running already." in page
    assert draft.events.count() == steps
    assert "is running already" in admin.get(url("start", draft), follow=True).content.decode()


@pytest.mark.parametrize(
    ("choice", "left"), [("stop_current", "stopped"), ("keep_running", "running")]
)
def test_starting_while_another_runs_asks_what_becomes_of_it(
    admin: Client, draft: Experiment, running: Experiment, choice: str, left: str
) -> None:
    page = admin.get(url("start", draft)).content.decode()
    assert "Older one is running. What should happen to it?" in page
    admin.post(
        url("start", draft), seen(draft) | {"on_conflict": choice, "running": str(running.pk)}
    )
    assert (status_of(draft), status_of(running)) == ("running", left)


@pytest.mark.parametrize("choice", ["", "both", "stop_current"])
def test_an_experiment_that_the_person_was_not_asked_about_goes_on(
    admin: Client, cast: Cast, draft: Experiment, running: Experiment, choice: str
) -> None:
    asked_about = ExperimentFactory.create(agent=cast.agent)
    post = seen(draft) | {"on_conflict": choice, "running": str(asked_about.pk)}
    page = admin.post(url("start", draft), post)
    assert page.status_code == HTTPStatus.CONFLICT
    assert (
        admin.post(url("start", draft), post | {"running": "x"}).status_code == HTTPStatus.CONFLICT
    )
    assert "Older one is running. Decide what should happen to it" in page.content.decode()
    assert (status_of(draft), status_of(running)) == ("draft", "running")


def test_an_incomplete_draft_lists_every_reason_with_its_field(
    admin: Client, draft: Experiment
) -> None:
    # Rules that were stricter than when it was stored.
    Variant.objects.filter(experiment=draft, position=0).update(config={})
    Variant.objects.filter(experiment=draft, position=1).update(
        config={"persona": {"tone": "t" * (limits.PERSONA_LIMITS["tone"] + 1)}}
    )
    for response in (admin.get(url("start", draft)), admin.post(url("start", draft), seen(draft))):
        page = response.content.decode()
        edit = url("edit", draft)
        assert f'href="{edit}#id_variants-0-persona_name"' in page
        assert f'href="{edit}#id_variants-1-persona_tone"' in page
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert status_of(draft) == "draft"


def test_start_again_promises_the_same_variants(admin: Client, running: Experiment) -> None:
    lifecycle.stop(running, by=None)
    assert "the same one again" in admin.get(url("start", running)).content.decode()
    admin.post(url("start", running), seen(running))
    assert status_of(running) == "running"


# ---- stop ----


def test_stop_halts_it(admin: Client, running: Experiment) -> None:
    page = admin.get(url("stop", running)).content.decode()
    assert "takes no new visitors" in page
    assert "with its own persona" in page
    admin.post(url("stop", running), seen(running))
    assert status_of(running) == "stopped"


def test_stop_names_the_older_experiment_that_takes_over(
    admin: Client, draft: Experiment, running: Experiment
) -> None:
    lifecycle.start(draft, by=None, on_conflict=OnConflict.KEEP_RUNNING)
    page = admin.get(url("stop", draft)).content.decode()
    assert "Older one</span> is still running. It becomes the active experiment again" in page
    page = admin.get(url("stop", running)).content.decode()
    assert "no new visitors since Aria or Max was started" in page


def test_a_stale_stop_is_told_what_happened(
    admin: Client, draft: Experiment, running: Experiment
) -> None:
    lifecycle.stop(running, by=None)
    steps = running.events.count()
    page = admin.post(url("stop", running), seen(running), follow=True).content.decode()
    assert "Older one was stopped already." in page
    assert running.events.count() == steps
    page = admin.post(url("stop", draft), seen(draft), follow=True).content.decode()
    assert "Aria or Max is a draft. There is nothing to stop." in page


# ---- duplicate ----


def test_duplicate_opens_the_copy(admin: Client, running: Experiment) -> None:
    response = admin.post(url("duplicate", running), {"name": ""})
    copy = Experiment.objects.get(name="Older one (copy)")
    assert response["Location"] == url("edit", copy)
    assert (copy.status, copy.variants.count()) == ("draft", 2)


@pytest.mark.parametrize("name", ["Older one", "n" * (limits.EXPERIMENT_NAME + 1), "a\0b", "  "])
def test_a_copy_needs_a_good_name(admin: Client, running: Experiment, name: str) -> None:
    response = admin.post(url("duplicate", running), {"name": name})
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert 'aria-invalid="true"' in response.content.decode()
    assert Experiment.objects.count() == 1


def test_a_copy_is_undone_with_one_click(admin: Client, running: Experiment) -> None:
    admin.post(url("duplicate", running))
    copy = Experiment.objects.get(name="Older one (copy)")
    page = admin.get(url("edit", copy)).content.decode()
    assert url("undo_copy", copy) in page
    answer = admin.post(url("undo_copy", copy))
    assert answer["Location"] == running.get_absolute_url()
    assert not Experiment.objects.filter(pk=copy.pk).exists()


def test_what_was_done_with_a_copy_is_not_undone(admin: Client, running: Experiment) -> None:
    copy = editing.duplicate(running, by=None)
    editing.edit(copy, sent={"hypothesis": "Warmth"}, by=None)
    assert url("undo_copy", copy) not in admin.get(url("edit", copy)).content.decode()
    for kept in (copy, running):
        admin.post(url("undo_copy", kept))
        assert Experiment.objects.filter(pk=kept.pk).exists()


# ---- delete ----


def test_a_draft_that_never_ran_is_deleted_without_typing(admin: Client, draft: Experiment) -> None:
    assert "to confirm" not in admin.get(url("delete", draft)).content.decode()
    admin.post(url("delete", draft), seen(draft))
    assert not Experiment.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("name", ["", "older one", "Older", "\0", "x" * 10_000])
def test_delete_needs_the_name(admin: Client, running: Experiment, name: str) -> None:
    response = admin.post(url("delete", running), seen(running) | {"name": name})
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert "This is not its name" in response.content.decode()
    assert status_of(running) == "running"


def test_delete_takes_it_out_of_sight(admin: Client, running: Experiment) -> None:
    assert "stopped first" in admin.get(url("delete", running)).content.decode()
    response = admin.post(url("delete", running), seen(running) | {"name": " Older  one "})
    assert response["Location"] == reverse("experiment_list", args=[running.agent_id])
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Older one is deleted."
    ]
    assert admin.get(running.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND
    for step in STEPS:
        assert admin.post(url(step, running)).status_code == HTTPStatus.NOT_FOUND


# ---- what has changed since it was seen ----


def test_nobody_starts_what_they_have_not_seen(admin: Client, draft: Experiment) -> None:
    opened = seen(draft)
    page = admin.get(url("start", draft)).content.decode()
    assert f'name="version" value="{draft.version}"' in page
    assert page.count("weight 50") == 2
    weights = [99, 1, 1]
    variants = [
        {"name": name, "weight": weight, "config": {"persona": {"name": name}}}
        for name, weight in zip(("control", "Aria", "Max"), weights, strict=True)
    ]
    editing.edit(draft, sent={"variants": variants}, by=None)
    answer = admin.post(url("start", draft), opened)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Somebody changed Aria or Max after you opened this page" in answer.content.decode()
    assert "weight 99" in answer.content.decode()
    assert status_of(draft) == "draft"
    admin.post(url("start", draft), seen(draft))
    assert status_of(draft) == "running"


def test_nobody_deletes_what_they_have_not_seen(admin: Client, draft: Experiment) -> None:
    opened = seen(draft) | {"name": draft.name}
    lifecycle.start(draft, by=None)
    answer = admin.post(url("delete", draft), opened)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "It is running, so it is stopped first" in answer.content.decode()
    assert status_of(draft) == "running"


def test_nobody_stops_what_they_have_not_seen(admin: Client, running: Experiment) -> None:
    opened = seen(running)
    lifecycle.stop(running, by=None)
    lifecycle.start(running, by=None)
    assert admin.post(url("stop", running), opened).status_code == HTTPStatus.CONFLICT
    assert status_of(running) == "running"


@pytest.mark.parametrize("version", ["", "1.0", "x", "99999999999"])
def test_a_form_that_names_no_version_of_ours_has_seen_nothing(
    admin: Client, running: Experiment, version: str
) -> None:
    answer = admin.post(url("stop", running), {"version": version})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert status_of(running) == "running"
