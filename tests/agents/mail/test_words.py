"""What people call themselves never becomes a link in mail of ours."""

import pytest
from django.core.mail import send_mail

from agents import limits
from agents.mail.words import in_one_line, looks_like_link, quoted, subject_of
from agents.models import OutgoingMail, Role, User, Workspace
from agents.people import invitations
from tests.roles import Cast

LINKS = [
    "Sign in at evil.example",
    "https://evil.example/x",
    "HTTP://EVIL",
    "www.evil",
    "mailto:eve@evil",
    "javascript:alert(1)",
    "eve@evil.example",
    "evil。example",
    "evil\uff0eexample",
    "e\u200bvil\u200b.example",
    "192.0.2.1",
    "xn--e1afmkfd.xn--80akhbyknj4f",
    "пример.испытание",
]
NAMES = ["Northwind", "Ben & Söhne", "A/B tests", "Team 2.0", "Dr. Who", "St. Gallen", "名前", "…"]


@pytest.mark.parametrize("text", LINKS)
def test_a_link_is_seen(text: str) -> None:
    assert looks_like_link(text)
    assert quoted(text, otherwise="somebody") == "somebody"
    assert not looks_like_link(subject_of(f"Join {text} on Glozr"))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_a_name(name: str) -> None:
    assert not looks_like_link(name)
    assert quoted(name, otherwise="somebody") == f"“{name}”"
    assert subject_of(f"Join “{name}” on Glozr") == f"Join “{name}” on Glozr"


def test_what_breaks_a_line_or_hides_is_a_space() -> None:
    assert in_one_line("a\r\nBcc: b\u2028c\x00d\u202ee") == "a Bcc: b c d e"
    assert quoted("“quoted” by themselves", otherwise="") == "“quoted by themselves”"
    assert quoted(" \u2028 ", otherwise="somebody") == "somebody"


def test_a_subject_ends() -> None:
    assert len(subject_of("word " * 200)) <= limits.MAIL_SUBJECT


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*LINKS, "Two\nlines", "Bcc: all\r\nX: y"])
def test_whatever_a_workspace_and_a_person_are_called(cast: Cast, name: str) -> None:
    Workspace.objects.filter(pk=cast.workspace.pk).update(name=name)
    User.objects.filter(pk=cast.owner.pk).update(first_name=name)
    cast.workspace.refresh_from_db()
    cast.owner.refresh_from_db()
    link = "https://glozr.example/invitations/x/"
    invitations.invite(
        workspace=cast.workspace,
        email="new@example.com",
        role=Role.EDITOR,
        by=cast.owner,
        link_of=lambda invitation, secret: link,
    )
    mail = OutgoingMail.objects.get()
    assert not looks_like_link(mail.subject)
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    others = mail.body.replace(link, "").replace(cast.owner.email, "")
    assert not any(looks_like_link(word) for word in others.split())
    assert "\nBcc" not in mail.body


@pytest.mark.django_db
def test_no_subject_gets_past_the_outbox() -> None:
    send_mail("Hello\r\nBcc: all@example.com see evil.example", "Text", None, ["a@example.com"])
    assert OutgoingMail.objects.get().subject == "Hello Bcc: … see …"
