"""What was not delivered about a workspace: seen, and sent again, by who manages its members."""

from http import HTTPStatus
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from agents import limits
from agents.mail import outbox, sending
from agents.models import MailState, OutgoingMail
from tests.agents.mail.servers import hanging_server, mail_server
from tests.factories import WorkspaceFactory
from tests.roles import Cast, signed_in
from tests.world import undelivered

pytestmark = pytest.mark.django_db
NEW = "new@example.com"


def page_of(cast: Cast) -> str:
    return reverse("undelivered_mail", args=[cast.workspace.pk])


def again(cast: Cast, one: OutgoingMail) -> str:
    return reverse("mail_send_again", args=[cast.workspace.pk, one.pk])


def invite(client: Client, cast: Cast, email: str = NEW) -> Any:
    sent = {"email": email, "role": "editor"}
    return client.post(reverse("members", args=[cast.workspace.pk]), sent)


def test_an_invitation_whose_address_is_refused_is_listed_and_sent_again(
    cast: Cast, settings: Any
) -> None:
    client = signed_in(cast.owner)
    invite(client, cast)
    with mail_server(settings) as mailbox:
        mailbox.answers = ["550 Nobody"]
        sending.send_due()
        members = client.get(reverse("members", args=[cast.workspace.pk])).content.decode()
        assert page_of(cast) in members
        listed = client.get(page_of(cast)).content.decode()
        assert NEW in listed
        assert "The mail server refused the address (550)." in listed
        assert "/invitations/" not in listed
        client.post(again(cast, OutgoingMail.objects.get()))
        sending.send_due()
    assert mailbox.recipients == [NEW]
    assert "Everything arrived" in client.get(page_of(cast)).content.decode()


def test_mail_of_another_workspace_is_not_there(cast: Cast) -> None:
    foreign = undelivered(cast)
    foreign.workspace = WorkspaceFactory.create()
    foreign.recipient = "foreign@example.com"
    foreign.save()
    client = signed_in(cast.owner)
    assert foreign.recipient not in client.get(page_of(cast)).content.decode()
    assert client.post(again(cast, foreign)).status_code == HTTPStatus.NOT_FOUND


def test_what_has_been_forgotten_cannot_be_sent_again(cast: Cast) -> None:
    OutgoingMail.objects.filter(pk=undelivered(cast).pk).update(body="")
    client = signed_in(cast.owner)
    assert "Too old to send again" in client.get(page_of(cast)).content.decode()
    response = client.post(again(cast, OutgoingMail.objects.get()))
    assert response.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("over", ["resend", "revoke"])
def test_a_link_that_no_longer_works_is_never_mailed(cast: Cast, over: str) -> None:
    client = signed_in(cast.owner)
    old = invite(client, cast).context["link"]
    invitation = cast.workspace.invitations.get()
    response = client.post(reverse(f"invitation_{over}", args=[cast.workspace.pk, invitation.pk]))
    sent = [message.body for message in mail.outbox]
    assert not any(old in body for body in sent)
    assert len(sent) == (1 if over == "resend" else 0)
    if over == "resend":
        assert response.context["link"] in sent[0]


class TestLimits:
    def test_of_a_recipient_whoever_writes(self, cast: Cast, monkeypatch: Any) -> None:
        monkeypatch.setattr(limits, "MAILS_TO_RECIPIENT", 2)
        client = signed_in(cast.owner)
        invite(client, cast)
        resend = reverse(
            "invitation_resend", args=[cast.workspace.pk, cast.workspace.invitations.get().pk]
        )
        assert client.post(resend).status_code == HTTPStatus.OK
        refused = client.post(resend)
        assert refused.status_code == HTTPStatus.CONFLICT
        assert f"{NEW} has been sent as many mails" in refused.content.decode()
        assert OutgoingMail.objects.count() == 2
        assert invite(client, cast, "other@example.com").status_code == HTTPStatus.OK

    def test_of_a_person_and_of_a_workspace(self, cast: Cast, monkeypatch: Any) -> None:
        monkeypatch.setattr(limits, "MAILS_OF_PERSON", 1)
        monkeypatch.setattr(limits, "MAILS_OF_WORKSPACE", 2)
        owner, admin = signed_in(cast.owner), signed_in(cast.admin)
        assert invite(owner, cast, "a@example.com").status_code == HTTPStatus.OK
        assert "You have asked for 1 mails" in invite(owner, cast, "b@example.com").content.decode()
        assert invite(admin, cast, "b@example.com").status_code == HTTPStatus.OK
        monkeypatch.setattr(limits, "MAILS_OF_PERSON", 9)
        assert "2 mails have gone out for" in invite(owner, cast, "c@example.com").content.decode()
        assert cast.workspace.invitations.count() == 2

    def test_of_sending_again(self, cast: Cast, monkeypatch: Any) -> None:
        monkeypatch.setattr(limits, "MAILS_TO_RECIPIENT", 1)
        one = undelivered(cast)
        assert signed_in(cast.owner).post(again(cast, one)).status_code == HTTPStatus.CONFLICT
        one.refresh_from_db()
        assert one.state == MailState.FAILED

    def test_of_confirmations_is_not_told(self, cast: Cast, monkeypatch: Any) -> None:
        monkeypatch.setattr(limits, "MAILS_OF_PERSON", 1)
        client = signed_in(cast.owner)
        for email in ("a@example.com", "b@example.com"):
            answer = client.post("/accounts/email/", {"email": email, "action_add": ""})
            assert answer.status_code == HTTPStatus.FOUND
        assert [message.to for message in mail.outbox] == [["a@example.com"]]


class TestTheAdmin:
    def test_shows_no_body_and_sends_again(self, cast: Cast) -> None:
        one = undelivered(cast)
        OutgoingMail.objects.filter(pk=one.pk).update(
            body="planted-secret", html="planted-secret", headers={"X": "planted-secret"}
        )
        root = signed_in(cast.superuser)
        listing = reverse("admin:agents_outgoingmail_changelist")
        for address in (listing, reverse("admin:agents_outgoingmail_change", args=[one.pk])):
            page = root.get(address).content.decode()
            assert NEW in page
            assert "planted-secret" not in page
        guess = root.get(f"{listing}?body__contains=planted").status_code
        assert guess in (HTTPStatus.BAD_REQUEST, HTTPStatus.FOUND)
        root.post(listing, {"action": "send_again", "_selected_action": [one.pk]})
        assert OutgoingMail.objects.due().get().requested_by == cast.superuser


def test_an_invitation_is_answered_while_the_mail_server_hangs(cast: Cast, settings: Any) -> None:
    with hanging_server(settings) as came:
        assert invite(signed_in(cast.owner), cast).status_code == HTTPStatus.OK
    assert came == []


def test_the_demo_says_that_it_sends_none(cast: Cast, settings: Any) -> None:
    settings.DEMO = True
    page = invite(signed_in(cast.owner), cast).content.decode()
    assert "The demo sends no mail" in page
    assert OutgoingMail.objects.get().state == MailState.HELD_BACK


def test_what_allauth_changes_is_undone_when_its_mail_cannot_be_written(
    cast: Cast, monkeypatch: Any
) -> None:
    def fail(message: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "keep", fail)
    client = signed_in(cast.owner)
    client.raise_request_exception = False
    sent = {"email": "a@example.com", "action_add": ""}
    assert client.post("/accounts/email/", sent).status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert not EmailAddress.objects.filter(email="a@example.com").exists()
