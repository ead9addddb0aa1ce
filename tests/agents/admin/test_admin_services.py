"""The admin writes through the services and within the role, whatever is sent to it."""

from typing import Any

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.admin import history, scope
from agents.models import (
    Agent,
    Conversation,
    Lead,
    Membership,
    Message,
    Role,
    User,
    Workspace,
)
from agents.people import invitations
from agents.roles import Permission, permissions_of
from tests.factories import (
    AgentFactory,
    ConversationFactory,
    LeadFactory,
    MembershipFactory,
    MessageFactory,
    UserFactory,
    WorkspaceFactory,
)
from tests.roles import Cast
from tests.world import MAX_QUERIES


def signed_in(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(user)
    return client


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.admin)


@pytest.fixture
def root(cast: Cast) -> Client:
    return signed_in(cast.superuser)


def agent_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Concierge",
        "persona_name": "Aria",
        "persona_tone": "warm",
        "system_prompt": "Be useful.",
        **changes,
    }


class TestAgents:
    def test_is_added_through_the_service(self, admin: Client, cast: Cast) -> None:
        form = agent_form(workspace=cast.workspace.pk, name="  Concierge ")
        response = admin.post(reverse("admin:agents_agent_add"), form)

        assert response.status_code == 302
        added = Agent.objects.get(name="Concierge")
        assert added.persona == {"name": "Aria", "tone": "warm"}

    def test_edit_raises_the_config_version(self, admin: Client, cast: Cast) -> None:
        address = reverse("admin:agents_agent_change", args=[cast.agent.pk])
        assert admin.post(address, agent_form()).status_code == 302

        edited = Agent.objects.get(pk=cast.agent.pk)
        assert edited.config_version == cast.agent.config_version + 1
        assert edited.system_prompt == "Be useful."

    def test_refusal_of_the_service_stands_at_the_field(self, admin: Client, cast: Cast) -> None:
        address = reverse("admin:agents_agent_change", args=[cast.agent.pk])
        response = admin.post(address, agent_form(persona_name="A\x07ria"))

        assert response.status_code == 200
        errors = response.context["adminform"].form.errors
        assert errors == {"persona_name": ["Remove the control characters."]}
        assert Agent.objects.get(pk=cast.agent.pk).name == cast.agent.name

    def test_cannot_be_added_to_anothers_workspace(self, admin: Client) -> None:
        elsewhere = WorkspaceFactory.create()
        response = admin.post(reverse("admin:agents_agent_add"), agent_form(workspace=elsewhere.pk))

        assert "workspace" in response.context["adminform"].form.errors
        assert not elsewhere.agents.exists()

    def test_cannot_be_moved_to_another_workspace(self, root: Client, cast: Cast) -> None:
        elsewhere = WorkspaceFactory.create()
        address = reverse("admin:agents_agent_change", args=[cast.agent.pk])
        assert root.post(address, agent_form(workspace=elsewhere.pk)).status_code == 302

        assert Agent.objects.get(pk=cast.agent.pk).workspace == cast.workspace

    def test_choices_of_workspaces_are_ones_own(self, admin: Client, cast: Cast) -> None:
        WorkspaceFactory.create(name="Elsewhere")
        response = admin.get(
            reverse("admin:autocomplete"),
            {"app_label": "agents", "model_name": "agent", "field_name": "workspace"},
        )

        assert [found["id"] for found in response.json()["results"]] == [str(cast.workspace.pk)]

    def test_people_are_no_choice_for_staff(self, admin: Client) -> None:
        response = admin.get(
            reverse("admin:autocomplete"),
            {"app_label": "account", "model_name": "emailaddress", "field_name": "user"},
        )

        assert response.status_code == 403


class TestWorkspaces:
    def test_is_made_with_its_groups_and_owner(self, root: Client) -> None:
        owner = UserFactory.create()
        form = {"name": "New", "time_zone": "Europe/Zurich", "owner": owner.pk}
        assert root.post(reverse("admin:agents_workspace_add"), form).status_code == 302

        made = Workspace.objects.get(name="New")
        assert permissions_of(owner, made) == frozenset(Permission)

    def test_bad_time_zone_is_told(self, admin: Client, cast: Cast) -> None:
        address = reverse("admin:agents_workspace_change", args=[cast.workspace.pk])
        response = admin.post(address, {"name": "Renamed", "time_zone": "Mars/Olympus"})

        assert "is not a time zone" in str(response.context["adminform"].form.errors)
        response = admin.post(address, {"name": "Renamed", "time_zone": "Europe/Zurich"})
        assert Workspace.objects.get(pk=cast.workspace.pk).name == "Renamed"


class TestMembers:
    def add(self, client: Client, cast: Cast, email: str, role: str = "editor") -> Any:
        form = {"workspace": cast.workspace.pk, "email": email, "role": role}
        return client.post(reverse("admin:agents_membership_add"), form)

    def change(self, client: Client, cast: Cast, who: User, role: str) -> Any:
        membership = cast.workspace.memberships.get(user=who)
        address = reverse("admin:agents_membership_change", args=[membership.pk])
        return client.post(address, {"role": role})

    def test_is_admitted_with_the_permissions_of_the_role(self, root: Client, cast: Cast) -> None:
        user = UserFactory.create(email="New@example.com")
        assert self.add(root, cast, "new@example.com", "admin").status_code == 302

        assert permissions_of(user, cast.workspace) == frozenset(Permission)

    def test_staff_admit_only_whom_they_know(self, admin: Client, cast: Cast) -> None:
        UserFactory.create(email="stranger@example.com")
        known = UserFactory.create(email="known@example.com")
        second = WorkspaceFactory.create(owner=cast.admin)
        MembershipFactory.create(workspace=second, user=known)

        for email in ("stranger@example.com", "nobody@example.com"):
            response = self.add(admin, cast, email)
            assert "Nobody you work with" in str(response.context["adminform"].form.errors)
        assert self.add(admin, cast, "known@example.com").status_code == 302

    def test_an_admin_makes_no_owner(self, admin: Client, cast: Cast) -> None:
        response = self.change(admin, cast, cast.editor, "owner")

        assert "Only an Owner can" in str(response.context["adminform"].form.errors)
        assert cast.workspace.memberships.get(user=cast.editor).role == "editor"

    def test_who_is_a_member_is_not_admitted_again(self, root: Client, cast: Cast) -> None:
        response = self.add(root, cast, cast.owner.email, "editor")

        assert "is a member already" in str(response.context["adminform"].form.errors)
        assert cast.workspace.memberships.get(user=cast.owner).role == "owner"

    def test_role_changes_with_its_permissions(self, admin: Client, cast: Cast) -> None:
        assert self.change(admin, cast, cast.editor, "admin").status_code == 302

        assert Permission.RUN in permissions_of(User.objects.get(pk=cast.editor.pk), cast.workspace)

    def test_last_owner_stays(self, root: Client, cast: Cast) -> None:
        membership = cast.workspace.memberships.get(user=cast.owner)
        address = reverse("admin:agents_membership_delete", args=[membership.pk])
        response = root.post(address, {"post": "yes"})

        assert "is the only Owner" in told(response)
        response = self.change(root, cast, cast.owner, "admin")
        assert "is the only Owner" in str(response.context["adminform"].form.errors)
        assert cast.workspace.memberships.get(user=cast.owner).role == "owner"

    def test_of_several_all_are_removed_or_none(self, root: Client, cast: Cast) -> None:
        members = cast.workspace.memberships.filter(user__in=[cast.editor, cast.owner])
        form = {
            "action": "delete_selected",
            "post": "yes",
            "_selected_action": [str(each.pk) for each in members],
        }
        response = root.post(reverse("admin:agents_membership_changelist"), form)

        assert "is the only Owner" in told(response)
        assert members.count() == 2
        assert not LogEntry.objects.filter(action_flag=DELETION).exists()
        form["_selected_action"] = [str(members.get(user=cast.editor).pk)]
        root.post(reverse("admin:agents_membership_changelist"), form)
        assert permissions_of(User.objects.get(pk=cast.editor.pk), cast.workspace) == frozenset()

    def test_invitation_is_revoked(self, admin: Client, cast: Cast) -> None:
        invitation, _ = invitations.invite(
            workspace=cast.workspace, email="new@example.com", role=Role.EDITOR, by=cast.owner
        )
        address = reverse("admin:agents_invitation_delete", args=[invitation.pk])
        assert admin.post(address, {"post": "yes"}).status_code == 302

        assert not cast.workspace.invitations.exists()


class TestLeads:
    def test_status_alone_changes(self, admin: Client, cast: Cast) -> None:
        lead = LeadFactory.create(agent=cast.agent, email="ann@example.com")
        address = reverse("admin:agents_lead_change", args=[lead.pk])
        admin.post(address, {"status": "won", "email": "eve@example.com", "agent": "x"})

        changed = Lead.objects.get(pk=lead.pk)
        assert (changed.status, changed.email) == ("won", "ann@example.com")
        assert changed.updated_at > lead.updated_at

    def test_is_found_by_address_in_any_case(self, admin: Client, cast: Cast) -> None:
        lead = LeadFactory.create(agent=cast.agent, email="Ann@example.com")
        LeadFactory.create(agent=cast.agent)
        response = admin.get(reverse("admin:agents_lead_changelist"), {"q": "ann@EXAMPLE.com"})

        assert list(response.context["cl"].result_list) == [lead]


def test_message_list_follows_its_conversation(admin: Client, cast: Cast) -> None:
    message = MessageFactory.create(conversation=ConversationFactory.create(agent=cast.agent))
    MessageFactory.create(conversation=ConversationFactory.create(agent=cast.agent))
    address = reverse("admin:agents_message_changelist")

    for query, value in (
        ("conversation__id__exact", message.conversation_id),
        ("q", message.conversation_id),
        ("q", message.pk),
        ("q", message.conversation.visitor_id),
    ):
        response = admin.get(address, {query: str(value)})
        assert list(response.context["cl"].result_list) == [message], (query, value)


def test_message_list_begins_with_the_latest_conversations(
    root: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LATEST_CONVERSATIONS", 1)
    older, latest = (
        MessageFactory.create(conversation=ConversationFactory.create(agent=cast.agent))
        for _ in range(2)
    )
    response = root.get(reverse("admin:agents_message_changelist"))

    assert list(response.context["cl"].result_list) == [latest]
    opened = root.get(reverse("admin:agents_message_change", args=[older.pk]))
    assert opened.status_code == 200


def test_lists_are_counted_no_further_than_they_are_paged(
    root: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "COUNTED_ROWS", 3)
    ConversationFactory.create_batch(5, agent=cast.agent)
    response = root.get(reverse("admin:agents_conversation_changelist"))

    assert response.context["cl"].result_count == 3


@pytest.mark.parametrize("who", ["admin", "editor", "superuser"])
@pytest.mark.parametrize("model", [Agent, Conversation, Message, Lead, Membership])
def test_lists_take_as_many_queries_for_200_rows_as_for_one(
    model: type, who: str, cast: Cast
) -> None:
    client = signed_in(getattr(cast, who))
    address = reverse(f"admin:agents_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]
    if client.get(address).status_code == 403:
        return
    conversations = ConversationFactory.create_batch(1, agent=cast.agent)
    for rows in (1, 199):
        conversations += ConversationFactory.create_batch(rows, agent=cast.agent)
        Message.objects.bulk_create(
            Message(agent=cast.agent, conversation=each, role="visitor", content="Hello")
            for each in conversations
        )
        LeadFactory.create_batch(rows, agent=cast.agent)
        AgentFactory.create_batch(rows, workspace=cast.workspace)
        User.objects.bulk_create(User(email=f"{rows}.{n}@example.com") for n in range(rows))
        Membership.objects.bulk_create(
            Membership(workspace=cast.workspace, user=user, role="editor")
            for user in User.objects.filter(email__startswith=f"{rows}.")
        )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = client.get(address)
        assert response.context["cl"].result_list
        assert len(queries) <= MAX_QUERIES, [query["sql"] for query in queries]
