"""What can't be undone asks again who it is, keeps what was typed, and goes on."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.core import mail
from django.test import Client
from django.urls import reverse

from agents.models import Ability, Membership, Role
from agents.workspaces import tokens
from experiments.models import Experiment
from experiments.notices.webhooks import add_webhook
from tests.agents.proofs import age_proof, press
from tests.factories import PASSWORD, ExperimentFactory
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db
ASKS = "Confirm that it is you"


def of_workspace(name: str) -> Callable[[Cast], str]:
    return lambda cast: reverse(name, args=[cast.workspace.pk])


def of_editor(name: str) -> Callable[[Cast], str]:
    return lambda cast: reverse(name, args=[cast.workspace.pk, cast.editor.memberships.get().pk])


def of_token(cast: Cast) -> str:
    token, _ = tokens.create_token(workspace=cast.workspace, name="x", abilities=[Ability.READ])
    return reverse("token_revoke", args=[cast.workspace.pk, token.pk])


def of_experiment(cast: Cast) -> str:
    experiment = ExperimentFactory.create(agent=cast.agent, name="Doomed")
    return reverse("experiment_delete", args=[cast.agent.pk, experiment.pk])


def of_webhook(name: str) -> Callable[[Cast], str]:
    def address_of(cast: Cast) -> str:
        webhook, _ = add_webhook(
            cast.workspace, name="x", url="https://example.com/", form="standard", by=None
        )
        return reverse(name, args=[cast.workspace.pk, webhook.pk])

    return address_of


ASKING: dict[str, tuple[Callable[[Cast], str], dict[str, Any]]] = {
    "invite": (of_workspace("members"), {"email": "new@example.com", "role": "editor"}),
    "role": (of_editor("member"), {"role": "admin"}),
    "removal": (of_editor("member_remove"), {}),
    "leaving": (of_workspace("workspace_leave"), {}),
    "token": (of_workspace("tokens"), {"name": "Chat", "abilities": ["runtime"]}),
    "revoking": (of_token, {}),
    "connecting": (lambda cast: reverse("connect", args=[cast.agent.pk]), {}),
    "deleting": (of_experiment, {"name": "Doomed", "version": 1}),
    "webhook": (
        of_workspace("webhooks"),
        {"name": "x", "form": "slack", "url": "https://example.com/"},
    ),
    "model": (
        of_workspace("model_endpoint"),
        {"url": "https://models.example/v1", "model": "m", "calls_a_day": "5"},
    ),
    "model removed": (of_workspace("model_endpoint_remove"), {}),
    "its secret": (of_webhook("webhook_secret"), {}),
    "its removal": (of_webhook("webhook_remove"), {}),
    "second factor": (of_workspace("workspace_second_factor"), {"required": "no"}),
    "address": (
        lambda cast: reverse("account_email"),
        {"email": "b@example.com", "action_add": ""},
    ),
}


@pytest.mark.parametrize("what", ASKING)
def test_it_is_asked_again_and_goes_on_with_what_was_typed(cast: Cast, what: str) -> None:
    address_of, sent = ASKING[what]
    client, address = signed_in(cast.owner), address_of(cast)
    Membership.objects.filter(user=cast.admin).update(role=Role.OWNER)  # so that one may leave
    age_proof(client)
    assert client.get(address).status_code in (HTTPStatus.OK, HTTPStatus.METHOD_NOT_ALLOWED)
    before = Membership.objects.count(), Experiment.objects.count()
    asked = client.post(address, sent)
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert ASKS in asked.content.decode()
    assert (Membership.objects.count(), Experiment.objects.count()) == before
    wrong = press(client, asked, proof_password="wrong")
    assert wrong.status_code == HTTPStatus.FORBIDDEN
    assert "That isn&#x27;t your password." in wrong.content.decode()
    done = press(client, wrong, proof_password=PASSWORD)
    assert done.status_code in (HTTPStatus.OK, HTTPStatus.FOUND), done.content.decode()
    assert ASKS not in done.content.decode()


def test_what_was_typed_is_not_lost_and_the_password_not_kept(cast: Cast) -> None:
    client = signed_in(cast.owner)
    age_proof(client)
    sent = {"name": "<b>Chat & Co</b>", "abilities": ["runtime", "experiments:read"]}
    asked = client.post(reverse("tokens", args=[cast.workspace.pk]), sent)
    wrong = press(client, asked, proof_password="my secret words")
    assert "my secret words" not in wrong.content.decode()
    press(client, wrong, proof_password=PASSWORD)
    token = cast.workspace.tokens.get()
    assert (token.name, token.abilities) == (sent["name"], sent["abilities"])


def test_a_proof_is_good_for_ten_minutes(cast: Cast) -> None:
    client = signed_in(cast.owner)
    address = reverse("tokens", args=[cast.workspace.pk])
    sent = {"name": "Chat", "abilities": ["runtime"]}
    age_proof(client, minutes=9)
    assert client.post(address, sent).status_code == HTTPStatus.OK
    age_proof(client, minutes=2)
    asked = client.post(address, sent)
    assert asked.status_code == HTTPStatus.FORBIDDEN
    press(client, asked, proof_password=PASSWORD)
    assert client.post(address, sent).status_code == HTTPStatus.OK


def test_guessing_the_proof_is_slowed_down(cast: Cast) -> None:
    client = signed_in(cast.owner)
    age_proof(client)
    asked = client.post(
        reverse("member_remove", args=[cast.workspace.pk, cast.editor.memberships.get().pk])
    )
    for _ in range(8):
        asked = press(client, asked, proof_password="wrong")
    assert asked.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert int(asked["Retry-After"]) > 1
    assert ASKS in asked.content.decode()


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_the_second_factor_is_a_proof(cast: Cast, kind: str) -> None:
    secret = generate_totp_secret()
    TOTP.activate(cast.owner, secret)
    codes = RecoveryCodes.activate(cast.owner).get_unused_codes()
    client = signed_in(cast.owner)
    age_proof(client)
    address = reverse("tokens", args=[cast.workspace.pk])
    asked = client.post(address, {"name": "Chat", "abilities": ["runtime"]})
    assert "authenticator app" in asked.content.decode()
    assert press(client, asked, proof_code="000000").status_code == HTTPStatus.FORBIDDEN
    code = codes[0] if kind == "recovery" else f"{hotp_value(secret, next(iter(counters()))):06}"
    assert press(client, asked, proof_code=code).status_code == HTTPStatus.OK
    assert cast.workspace.tokens.count() == 1


def test_who_has_no_password_gets_a_code_by_mail(cast: Cast) -> None:
    cast.owner.set_unusable_password()
    cast.owner.save()
    client = signed_in(cast.owner)
    age_proof(client)
    asked = client.post(
        reverse("tokens", args=[cast.workspace.pk]), {"name": "Chat", "abilities": ["runtime"]}
    )
    mailed = press(client, asked, proof_by="mail")
    assert "A code is on its way" in mailed.content.decode()
    press(client, mailed, proof_by="mail")  # pressed twice
    [message] = mail.outbox
    [code] = re.findall(r"^\d{8}$", str(message.body), re.MULTILINE)
    assert press(client, mailed, proof_code="1").status_code == HTTPStatus.FORBIDDEN
    assert press(client, mailed, proof_code=code).status_code == HTTPStatus.OK
    age_proof(client)
    again = press(client, mailed, proof_code=code)
    assert again.status_code == HTTPStatus.FORBIDDEN, "a code is good once"


def test_a_mailed_code_is_no_way_past_a_password(cast: Cast) -> None:
    client = signed_in(cast.owner)
    age_proof(client)
    asked = client.post(reverse("workspace_leave", args=[cast.workspace.pk]))
    assert "Mail me a code" not in asked.content.decode()
    press(client, asked, proof_by="mail")
    assert not mail.outbox


def test_a_session_of_the_api_is_asked_and_a_token_is_not(cast: Cast) -> None:
    client, token = signed_in(cast.owner), Client()
    _, key = tokens.create_token(
        workspace=cast.workspace, name="x", abilities=[Ability.READ, Ability.WRITE]
    )

    def address() -> str:
        made = ExperimentFactory.create(agent=cast.agent)
        return reverse("api_experiment", args=[cast.agent.pk, made.pk])

    assert client.delete(address()).status_code == HTTPStatus.NO_CONTENT
    age_proof(client)
    refused = client.delete(address())
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert refused.json()["code"] == "proof_needed"
    headers = {"Authorization": f"Bearer {key}"}
    assert token.delete(address(), headers=headers).status_code == HTTPStatus.NO_CONTENT


def test_the_admin_asks_as_well(cast: Cast) -> None:
    client = signed_in(cast.superuser)
    cast.superuser.set_password(PASSWORD)
    cast.superuser.save()
    client.force_login(cast.superuser)
    experiment = ExperimentFactory.create(agent=cast.agent)
    member = cast.editor.memberships.get()
    token, _ = tokens.create_token(workspace=cast.workspace, name="x", abilities=[Ability.READ])
    age_proof(client)
    for name, args, sent in (
        ("experiments_experiment_delete", [experiment.pk], {"post": "yes"}),
        ("agents_membership_change", [member.pk], {"role": "admin"}),
        ("agents_membership_delete", [member.pk], {"post": "yes"}),
        ("agents_apitoken_changelist", [], {"action": "revoke", "_selected_action": [token.pk]}),
        ("agents_user_change", [cast.editor.pk], {"email": "x@example.com"}),
        ("auth_user_password_change", [cast.editor.pk], {"usable_password": "false"}),
    ):
        asked = client.post(reverse(f"admin:{name}", args=args), sent)
        assert asked.status_code == HTTPStatus.FORBIDDEN, name
        assert ASKS in asked.content.decode(), name
    token.refresh_from_db()
    assert token.revoked_at is None
    address = reverse("admin:experiments_experiment_delete", args=[experiment.pk])
    asked = client.post(address, {"post": "yes"})
    assert press(client, asked, proof_password=PASSWORD).status_code == HTTPStatus.FOUND
    assert not Experiment.objects.filter(pk=experiment.pk).exists()
