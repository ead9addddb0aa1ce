"""Who is mailed what experiments come to, and how that ends with one click."""

from http import HTTPStatus
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from agents.models import OutgoingMail, Role, User
from agents.people import addresses
from experiments import lifecycle, limits
from experiments.models import Experiment
from experiments.notices.passing_on import pass_on_notices
from experiments.notices.preferences import choose_mail, wants_mail
from tests.factories import MembershipFactory, UserFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL = "https://glozr.example"


def mailed() -> list[str]:
    """To whom what was told since the last time has come."""
    mail.outbox.clear()
    pass_on_notices()
    return sorted(message.to[0] for message in mail.outbox)


def the_letter() -> Any:
    mail.outbox.clear()
    pass_on_notices()
    [letter] = mail.outbox
    return letter


class TestWhoIsMailed:
    def test_those_who_run_experiments_but_not_of_what_they_do(
        self, cast: Cast, running: Experiment
    ) -> None:
        assert mailed() == [cast.admin.email]
        lifecycle.stop(running, by=None)
        assert mailed() == sorted([cast.admin.email, cast.owner.email])

    def test_each_notice_once(self, running: Experiment) -> None:
        assert len(mailed()) == 1
        assert mailed() == []

    def test_editors_who_ask_and_nobody_who_does_not_want_it(
        self, cast: Cast, running: Experiment
    ) -> None:
        choose_mail(cast.editor, cast.workspace, is_wanted=True)
        choose_mail(cast.admin, cast.workspace, is_wanted=False)
        assert mailed() == [cast.editor.email]

    def test_a_choice_holds_for_one_workspace(self, cast: Cast, running: Experiment) -> None:
        elsewhere = cast.outsider.memberships.get().workspace
        MembershipFactory.create(workspace=elsewhere, user=cast.admin, role=Role.ADMIN)
        choose_mail(cast.admin, elsewhere, is_wanted=False)
        assert wants_mail(cast.admin, cast.workspace)
        assert mailed() == [cast.admin.email]

    def test_nobody_who_may_not_see_it(self, cast: Cast, running: Experiment) -> None:
        gone = UserFactory.create(is_active=False)
        unproven = UserFactory.create(proven=False)
        for person in (gone, unproven):
            MembershipFactory.create(workspace=cast.workspace, user=person, role=Role.ADMIN)
        choose_mail(cast.outsider, cast.workspace, is_wanted=True)
        cast.workspace.second_factor_required = True
        cast.workspace.save()
        Authenticator.objects.create(user=cast.admin, type="recovery_codes", data={})
        secured = MembershipFactory.create(workspace=cast.workspace, role=Role.ADMIN).user
        Authenticator.objects.create(user=secured, type="totp", data={"secret": "x"})
        assert mailed() == [secured.email]

    def test_goes_to_the_address_that_one_has_now(self, cast: Cast, running: Experiment) -> None:
        addresses.change_address(cast.admin, email="moved@example.com", is_proven=True)
        assert mailed() == ["moved@example.com"]

    def test_nobody_is_flooded(
        self, cast: Cast, running: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "NOTICE_MAILS", 2)
        for _ in range(2):
            lifecycle.stop(running, by=cast.owner)
            lifecycle.start(running, by=cast.owner)
        assert mailed() == [cast.admin.email] * 2


class TestALetter:
    def test_says_what_happened_and_where_to_read_on(self, cast: Cast, running: Experiment) -> None:
        letter = the_letter()
        assert letter.subject == "“Aria or Max” has started"
        assert "\nowner@example.com started it.\n" in letter.body
        assert f"https://glozr.example{running.get_absolute_url()}\n" in letter.body
        assert str(cast.workspace) in letter.body

    def test_holds_no_link_that_others_typed(self, cast: Cast, running: Experiment) -> None:
        Experiment.objects.filter(pk=running.pk).update(name="Win at evil.example")
        User.objects.filter(pk=cast.owner.pk).update(first_name="www.evil.example")
        cast.owner.refresh_from_db()
        lifecycle.stop(running, by=cast.owner)
        mail.outbox.clear()
        pass_on_notices()
        for letter in mail.outbox:
            assert "evil" not in f"{letter.subject}{letter.body}"

    def test_is_counted_as_the_workspaces(self, cast: Cast, running: Experiment) -> None:
        pass_on_notices()
        kept = OutgoingMail.objects.get(purpose="notice")
        assert (kept.workspace, kept.about) == (cast.workspace, running.notices.get().pk)


class TestTheLink:
    @pytest.fixture
    def address(self, running: Experiment) -> str:
        pass_on_notices()
        letter = OutgoingMail.objects.get(purpose="notice")
        link = letter.headers["List-Unsubscribe"]
        assert f"\n{link[1:-1]}\n" in letter.body
        assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        return str(link).removeprefix("<https://glozr.example").removesuffix(">")

    @pytest.mark.parametrize(
        "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
    )
    def test_is_one_click_for_mail_programs_that_are_signed_in_nowhere(
        self, cast: Cast, address: str, kind: str
    ) -> None:
        body = (
            '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
            "One-Click\r\n--x--\r\n"
            if kind.startswith("multipart")
            else "List-Unsubscribe=One-Click"
        )
        program = Client(enforce_csrf_checks=True)
        answer = program.post(address, body, content_type=kind)
        assert answer.status_code == HTTPStatus.OK
        assert not wants_mail(cast.admin, cast.workspace)
        assert wants_mail(cast.owner, cast.workspace)

    def test_turns_nothing_off_by_being_looked_at(self, cast: Cast, address: str) -> None:
        page = Client().get(address)
        assert page.status_code == HTTPStatus.OK
        assert cast.workspace.name in page.content.decode()
        assert wants_mail(cast.admin, cast.workspace)

    def test_works_again_and_for_who_is_no_member_any_more(self, cast: Cast, address: str) -> None:
        cast.admin.memberships.all().delete()
        for _ in range(2):
            assert Client().post(address).status_code == HTTPStatus.OK

    def test_of_nobody_is_none(self, address: str) -> None:
        for broken in (address[:-4] + "xxx/", "/notices/off/a/", "/notices/off/a:b:c/"):
            assert Client().post(broken).status_code == HTTPStatus.NOT_FOUND
