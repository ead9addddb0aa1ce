"""What an agent said before, and two people who edit it at once."""

from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle
from tests.agents.agents.edits import reword
from tests.factories import ExperimentFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db

PROMPT = "You help visitors of Northwind Travel. " * 20


@pytest.fixture
def owner(client: Client, cast: Cast) -> Client:
    client.force_login(cast.owner)
    return client


def url(agent: Agent) -> str:
    return reverse("agent_settings", args=[agent.pk])


def as_shown(page: Any, **changes: str) -> dict[str, str]:
    """What a browser would post of the form on `page`."""
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields if name != "urgent"}
    return {**{name: str(value) for name, value in shown.items()}, **changes}


def said(agent: Agent) -> tuple[str, str, str]:
    agent.refresh_from_db()
    return agent.name, agent.persona["tone"], agent.system_prompt


class TestTwoPeopleAtOnce:
    def test_edits_that_do_not_overlap_are_put_together_and_shown(
        self, owner: Client, cast: Cast
    ) -> None:
        opened = owner.get(url(cast.agent))
        reword(cast.agent, tone="theirs", by=cast.admin)
        told = owner.post(url(cast.agent), as_shown(opened, system_prompt="Mine."))
        assert told.status_code == HTTPStatus.CONFLICT
        assert said(cast.agent)[1:] == ("theirs", "")
        page = told.content.decode()
        assert f"{cast.admin} made revision 2" in page
        assert "the form below holds both" in page
        assert [(line.label, line.before, line.after) for line in told.context["theirs"]] == [
            ("Tone", "polite and thorough", "theirs")
        ]
        assert [(line.label, line.before, line.after) for line in told.context["ours"]] == [
            ("System prompt", "", "Mine.")
        ]
        saved = owner.post(url(cast.agent), as_shown(told))
        assert saved.status_code == HTTPStatus.FOUND
        assert said(cast.agent)[1:] == ("theirs", "Mine.")

    def test_of_edits_of_the_same_words_neither_is_lost_unseen(
        self, owner: Client, cast: Cast
    ) -> None:
        opened = owner.get(url(cast.agent))
        reword(cast.agent, tone="theirs", by=cast.admin)
        mine = as_shown(opened, persona_tone="mine", urgent="on")
        told = owner.post(url(cast.agent), mine)
        assert told.status_code == HTTPStatus.CONFLICT
        assert "You both changed the same words" in told.content.decode()
        assert told.context["form"]["persona_tone"].value() == "mine"
        assert told.context["form"]["urgent"].value() is True
        assert said(cast.agent)[1] == "theirs"
        owner.post(url(cast.agent), as_shown(told))
        assert said(cast.agent)[1] == "mine"
        kept = cast.agent.revisions.order_by("number").values_list("persona__tone", flat=True)
        assert list(kept) == ["polite and thorough", "theirs", "mine"]

    def test_a_name_given_meanwhile_stays(self, owner: Client, cast: Cast) -> None:
        first, second = owner.get(url(cast.agent)), owner.get(url(cast.agent))
        owner.post(url(cast.agent), as_shown(first, name="Concierge"))
        told = owner.post(url(cast.agent), as_shown(second, system_prompt="Mine."))
        assert told.status_code == HTTPStatus.CONFLICT
        owner.post(url(cast.agent), as_shown(told))
        assert said(cast.agent) == ("Concierge", "polite and thorough", "Mine.")

    @pytest.mark.parametrize("number", ["", "0", "-1", "x", "99", "9" * 5_000])
    def test_a_revision_that_nobody_has_seen_overwrites_nothing(
        self, owner: Client, cast: Cast, number: str
    ) -> None:
        opened = owner.get(url(cast.agent))
        told = owner.post(
            url(cast.agent), as_shown(opened, system_prompt="Mine.", seen_revision=number)
        )
        assert told.status_code == HTTPStatus.CONFLICT
        assert told.context["form"]["seen_revision"].value() == 1
        assert said(cast.agent)[2] == ""

    def test_the_admin_overwrites_nothing_either(self, cast: Cast) -> None:
        cast.admin.is_staff = True
        cast.admin.save()
        client = Client()
        client.force_login(cast.admin)
        address = reverse("admin:agents_agent_change", args=[cast.agent.pk])
        form = client.get(address).context["adminform"].form
        sent = {name: form[name].value() for name in form.fields if name != "urgent"}
        reword(cast.agent, tone="theirs", by=cast.owner)
        refused = client.post(address, {**sent, "system_prompt": "Mine."})
        assert refused.status_code == HTTPStatus.OK
        assert "Somebody changed this since you opened it" in refused.content.decode()
        assert said(cast.agent)[1:] == ("theirs", "")
        form = client.get(address).context["adminform"].form
        sent = {name: form[name].value() for name in form.fields if name != "urgent"}
        client.post(address, {**sent, "system_prompt": "Mine.", "urgent": "on"})
        assert said(cast.agent)[1:] == ("theirs", "Mine.")
        assert cast.agent.urgent_revision == 3


class TestTheWarning:
    def test_names_what_runs_on_the_agent(self, owner: Client, cast: Cast) -> None:
        assert "running on this agent" not in owner.get(url(cast.agent)).content.decode()
        experiment = lifecycle.start(
            ExperimentFactory.create(agent=cast.agent, name="Aria <or> Max"), by=None
        )
        page = owner.get(url(cast.agent)).content.decode()
        assert "Aria &lt;or&gt; Max</a>" in page
        assert "is running on this agent" in page
        assert experiment.get_absolute_url() in page
        lifecycle.stop(experiment, by=None)
        assert "running on this agent" not in owner.get(url(cast.agent)).content.decode()

    def test_is_not_for_who_may_not_edit(self, client: Client, cast: Cast) -> None:
        lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=None)
        client.force_login(cast.editor)
        page = client.get(url(cast.agent)).content.decode()
        assert "running on this agent" not in page
        assert "must not be said again" not in page

    def test_stands_in_the_admin_too(self, cast: Cast) -> None:
        lifecycle.start(ExperimentFactory.create(agent=cast.agent, name="Aria <or> Max"), by=None)
        client = Client()
        client.force_login(cast.superuser)
        address = reverse("admin:agents_agent_change", args=[cast.agent.pk])
        assert "Running on this agent: Aria &lt;or&gt; Max." in client.get(address).content.decode()


class TestThePages:
    def test_list_every_revision_the_newest_first(self, owner: Client, cast: Cast) -> None:
        for number in range(30):
            reword(cast.agent, prompt=f"Number {number}", by=cast.admin, urgent=number == 29)
        address = reverse("agent_revisions", args=[cast.agent.pk])
        first = owner.get(address)
        assert [each.number for each in first.context["page"]] == list(range(31, 6, -1))
        page = first.content.decode()
        assert page.count(">Current<") == page.count('<span class="badge">Urgent') == 1
        assert str(cast.admin) in page
        assert [each.number for each in owner.get(f"{address}?page=2").context["page"]][-1] == 1

    def test_one_shows_what_changed_and_the_whole_prompt(self, owner: Client, cast: Cast) -> None:
        reword(cast.agent, prompt=f"{PROMPT}Be brief. <b>{PROMPT}")
        reword(cast.agent, prompt=f"{PROMPT}Be polite. <b>{PROMPT}")
        page = owner.get(reverse("agent_revision", args=[cast.agent.pk, 3])).content.decode()
        assert "taken out: </span>brief.<" in page
        assert "added: </span>polite.<" in page
        assert "Be polite. &lt;b&gt;" in page
        assert "You are an AI chat agent" in page
        first = owner.get(reverse("agent_revision", args=[cast.agent.pk, 1])).content.decode()
        assert "The first that is kept" in first

    def test_what_is_not_there_is_not_found(self, owner: Client, cast: Cast) -> None:
        for number in (0, 2, 10**30):
            address = reverse("agent_revision", args=[cast.agent.pk, number])
            assert owner.get(address).status_code == HTTPStatus.NOT_FOUND
