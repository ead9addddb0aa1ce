"""Tokens in the admin: made, bound, given a new key and revoked through the services."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import ApiToken
from agents.workspaces import tokens
from tests.agents.admin.test_admin_services import signed_in
from tests.factories import WorkspaceFactory
from tests.roles import Cast


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.admin)


class TestTokens:
    def test_key_is_shown_once(self, admin: Client, cast: Cast) -> None:
        form = {"workspace": cast.workspace.pk, "name": "Site", "abilities": ["runtime"]}
        response = admin.post(reverse("admin:agents_apitoken_add"), form)

        token = ApiToken.objects.get(name="Site")
        key = response.text.partition("<code>")[2].partition("</code>")[0]
        assert tokens.usable_token(key) == token
        assert token.created_by == cast.admin
        page = admin.get(reverse("admin:agents_apitoken_change", args=[token.pk]))
        assert key not in page.text
        assert not any(key in morsel.value for morsel in admin.cookies.values())

    def test_is_bound_as_the_form_says(self, admin: Client, cast: Cast) -> None:
        ends = timezone.now() + timedelta(days=1)
        form = {
            "workspace": cast.workspace.pk,
            "name": "Site",
            "abilities": ["runtime"],
            "agent_ids": str(cast.agent.pk),
            "networks": "203.0.113.0/24,2001:db8::/32",
            "expires_at": f"{ends:%Y-%m-%d %H:%M:%S}",
        }
        admin.post(reverse("admin:agents_apitoken_add"), form)
        token = ApiToken.objects.get(name="Site")
        assert token.agent_ids == [cast.agent.pk]
        assert token.networks == ["203.0.113.0/24", "2001:db8::/32"]
        assert token.expires_at == ends.replace(microsecond=0)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("agent_ids", "01a20e26-fbe1-746f-9dce-951914b5d14f"),
            ("networks", "somewhere"),
            ("agent_ids", "x"),
        ],
    )
    def test_what_binds_it_to_nothing_is_refused_at_its_field(
        self, admin: Client, cast: Cast, field: str, value: str
    ) -> None:
        form = {"workspace": cast.workspace.pk, "name": "Site", "abilities": ["runtime"]}
        response = admin.post(reverse("admin:agents_apitoken_add"), {**form, field: value})
        assert response.status_code == 200
        assert f"errors field-{field}" in response.text
        assert not ApiToken.objects.exists()

    def test_gets_a_new_key_by_an_action_one_at_a_time(self, admin: Client, cast: Cast) -> None:
        (token, key), (other, _) = (
            tokens.create_token(workspace=cast.workspace, name=name, abilities=["runtime"])
            for name in ("Site", "Other")
        )
        address = reverse("admin:agents_apitoken_changelist")
        chosen = [str(token.pk), str(other.pk)]
        admin.post(address, {"action": "rotate", "_selected_action": chosen})
        assert not ApiToken.objects.exclude(previous_digest=None).exists()
        response = admin.post(address, {"action": "rotate", "_selected_action": [token.pk]})
        new = response.text.partition("<code>")[2].partition("</code>")[0]
        assert new != key
        assert tokens.usable_token(new) == tokens.usable_token(key) == token

    def test_is_revoked_by_an_action(self, admin: Client, cast: Cast) -> None:
        token, key = tokens.create_token(
            workspace=cast.workspace, name="Site", abilities=["runtime"]
        )
        admin.post(
            reverse("admin:agents_apitoken_changelist"),
            {"action": "revoke", "_selected_action": [token.pk]},
        )

        assert tokens.usable_token(key) is None

    def test_of_another_workspace_is_not_revoked(self, admin: Client) -> None:
        token, key = tokens.create_token(
            workspace=WorkspaceFactory.create(), name="Site", abilities=["runtime"]
        )
        admin.post(
            reverse("admin:agents_apitoken_changelist"),
            {"action": "revoke", "_selected_action": [token.pk]},
        )

        assert tokens.usable_token(key) == token

    def test_stays_as_it_was_made(self, admin: Client, cast: Cast) -> None:
        token, _ = tokens.create_token(workspace=cast.workspace, name="Site", abilities=["runtime"])
        address = reverse("admin:agents_apitoken_change", args=[token.pk])
        admin.post(address, {"name": "Other", "abilities": ["experiments:write"]})

        token.refresh_from_db()
        assert (token.name, token.abilities) == ("Site", ["runtime"])
