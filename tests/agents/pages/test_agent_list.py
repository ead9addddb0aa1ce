"""The list of agents, the page that people come in by."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import Role
from agents.workspaces import members
from experiments import lifecycle
from tests.factories import (
    AgentFactory,
    ConversationFactory,
    ExperimentFactory,
    UserFactory,
    WorkspaceFactory,
)
from tests.roles import Cast

pytestmark = pytest.mark.django_db


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    response = client.get(reverse("agent_list"))
    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == f"{reverse('account_login')}?next={reverse('agent_list')}"


def test_members_see_the_agents_of_their_workspace_alone(client: Client, cast: Cast) -> None:
    AgentFactory.create(name="Somebody else's")
    for member in cast.members:
        client.force_login(member)
        page = client.get(reverse("agent_list")).content.decode()
        assert cast.agent.name in page
        assert "Somebody else" not in page


def test_only_owners_and_admins_are_offered_a_new_agent(client: Client, cast: Cast) -> None:
    new = reverse("agent_new", args=[cast.workspace.pk])
    offered = []
    for member in cast.members:
        client.force_login(member)
        offered.append(new in client.get(reverse("agent_list")).content.decode())
    assert offered == [True, True, False]


def test_search_finds_by_part_of_the_name(client: Client, cast: Cast) -> None:
    AgentFactory.create(workspace=cast.workspace, name="Help desk")
    client.force_login(cast.editor)
    page = client.get(reverse("agent_list"), {"search": "DESK"}).content.decode()
    assert "Help desk" in page
    assert f">{cast.agent.name}<" not in page


@pytest.mark.parametrize("query", ["search=%00", "page=x", "page=99", "search=%ff&page=-1"])
def test_odd_queries_are_answered(client: Client, cast: Cast, query: str) -> None:
    client.force_login(cast.editor)
    assert client.get(f"{reverse('agent_list')}?{query}").status_code == HTTPStatus.OK


def test_long_lists_come_in_pages_at_the_same_number_of_queries(
    client: Client, cast: Cast, django_assert_max_num_queries: object
) -> None:
    AgentFactory.create_batch(200, workspace=cast.workspace)
    client.force_login(cast.editor)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page = client.get(reverse("agent_list"), {"page": "2"}).content.decode()
    assert "of 201 agents" in page


def test_the_workspace_used_last_is_opened_again(client: Client, cast: Cast) -> None:
    second = WorkspaceFactory.create(name="AAA, first by name")
    members.add(workspace=second, user=cast.editor, role=Role.EDITOR)
    client.force_login(cast.editor)
    assert client.get(reverse("agent_list")).context["workspace"] == second
    client.get(reverse("workspace_open", args=[cast.workspace.pk]))
    assert client.get(reverse("agent_list")).context["workspace"] == cast.workspace


def test_a_workspace_that_is_no_longer_theirs_is_forgotten(client: Client, cast: Cast) -> None:
    client.force_login(cast.outsider)
    session = client.session
    session["workspace"] = str(cast.workspace.pk)
    session.save()
    assert client.get(reverse("agent_list")).context["workspace"] != cast.workspace
    opened = client.get(reverse("workspace_open", args=[cast.workspace.pk]))
    assert opened.status_code == HTTPStatus.NOT_FOUND


def test_somebody_without_a_workspace_is_told_what_to_do(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert b"Ask for an invitation" in client.get(reverse("agent_list")).content


def test_a_row_says_what_runs_and_how_many_came_this_week(client: Client, cast: Cast) -> None:
    quiet = AgentFactory.create(workspace=cast.workspace, name="Quiet")
    experiments = [ExperimentFactory.create(agent=cast.agent, name=name) for name in "AB"]
    for each in experiments:
        lifecycle.start(each, by=None, on_conflict=lifecycle.OnConflict.KEEP_RUNNING)
    old = timezone.now() - timedelta(days=8)
    for visitor, more in (
        ("ada", {}),
        ("ada", {}),
        ("ben", {}),
        ("us", {"playground": True}),
        ("eve", {"started_at": old}),
    ):
        ConversationFactory.create(agent=cast.agent, visitor_id=visitor, **more)
    client.force_login(cast.editor)
    response = client.get(reverse("agent_list"))
    rows = {agent.pk: (active, came) for agent, active, came in response.context["rows"]}
    active, came = rows[cast.agent.pk]
    assert active is not None
    assert (active.name, came) == ("B", 2)
    assert rows[quiet.pk] == (None, 0)
    assert experiments[1].get_absolute_url() in response.content.decode()
