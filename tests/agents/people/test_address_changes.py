"""One service writes a person's address, by whichever door: each chain whole, in two browsers."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import AddressChange, User
from agents.people import accounts, addresses
from agents.people.sessions import end_sessions
from glozr.errors import Invalid
from tests.agents.letters import link_to
from tests.agents.mail.delivered import forget_mail
from tests.agents.management.terminal import refusal_of
from tests.agents.people.ada import NEW, OLD, OTHERWISE, ask, is_in, sign_in
from tests.agents.proofs import age_proof, press
from tests.factories import PASSWORD, UserFactory
from tests.glozr.test_addresses import DOTLESS, FULL_WIDTH, KELVIN
from tests.roles import Cast, signed_in
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_so_far() -> None:
    cache.clear()


@pytest.fixture
def ada() -> User:
    return UserFactory.create(email=OLD)


def changed(client: Client) -> None:
    """Go all the way to NEW."""
    ask(client)
    client.post(link_to(NEW))


def reset_password(email: str, password: str = OTHERWISE) -> None:
    owner = Client()
    owner.post(reverse("account_reset_password"), {"email": email})
    form = owner.get(link_to(email), follow=True).request["PATH_INFO"]
    owner.post(form, {"password1": password, "password2": password})


class TestThePage:
    def test_asks_for_the_password_before_anything_is_sent(self, ada: User) -> None:
        client = sign_in(OLD)
        age_proof(client)
        asked = client.post(reverse("account_email"), {"email": NEW, "action_add": ""})
        assert asked.status_code == HTTPStatus.FORBIDDEN
        press(client, asked, proof_password="a guess")
        assert not mail.outbox
        assert not EmailAddress.objects.filter(email=NEW).exists()

    def test_changes_tells_and_signs_others_out(self, ada: User) -> None:
        client, other = sign_in(OLD), sign_in(OLD)
        changed(client)
        ada.refresh_from_db()
        assert (ada.email, ada.is_proven) == (NEW, True)
        assert is_in(client)
        assert not is_in(other)
        assert "was changed from this one" in str(mail.outbox[-1].body)
        assert mail.outbox[-1].to == [OLD]
        assert is_in(sign_in(NEW))
        assert not is_in(sign_in(OLD))

    def test_leaves_the_old_address_no_power(self, ada: User) -> None:
        changed(sign_in(OLD))
        forget_mail()
        Client().post(reverse("account_reset_password"), {"email": OLD})
        assert not mail.outbox
        assert not EmailAddress.objects.filter(email=OLD).exists()

    def test_gives_a_mistyped_address_s_reader_nothing(self, ada: User) -> None:
        """Whoever gets the mail is not signed in as Ada; the link alone changes nothing."""
        ask(sign_in(OLD))
        stranger, another = Client(), signed_in(UserFactory.create())
        assert "Sign in to your account first" in stranger.get(link_to(NEW)).content.decode()
        for browser in (stranger, another):
            assert browser.post(link_to(NEW)).status_code == HTTPStatus.FORBIDDEN
        ada.refresh_from_db()
        assert ada.email == OLD

    @pytest.mark.parametrize("strange", [DOTLESS, KELVIN, FULL_WIDTH])
    def test_refuses_an_address_that_looks_like_another(self, ada: User, strange: str) -> None:
        UserFactory.create(email="mike@example.com")
        client = sign_in(OLD)
        ask(client)
        forget_mail()
        page = client.post(reverse("account_email"), {"email": strange, "action_add": ""})
        assert "look like others" in page.content.decode()
        assert not mail.outbox

    def test_says_nothing_of_who_has_an_account(self, ada: User) -> None:
        UserFactory.create(email=NEW)
        client = sign_in(OLD)
        assert ask(client)["Location"] == reverse("account_email")
        assert "somebody else" in client.get(link_to(NEW)).content.decode()
        client.post(link_to(NEW))
        ada.refresh_from_db()
        assert ada.email == OLD

    def test_lets_go_of_a_change_that_was_asked_for(self, ada: User) -> None:
        client = sign_in(OLD)
        ask(client)
        client.post(reverse("account_email"), {"email": NEW, "action_remove": ""})
        assert client.post(link_to(NEW)).status_code == HTTPStatus.NOT_FOUND
        ada.refresh_from_db()
        assert (ada.email, ada.is_proven) == (OLD, True)

    def test_makes_no_address_the_own_without_its_link(self, ada: User) -> None:
        client = sign_in(OLD)
        ask(client)
        client.post(reverse("account_email"), {"email": NEW, "action_primary": ""})
        ada.refresh_from_db()
        assert ada.email == OLD


class TestALinkForAChange:
    """Whoever sat at Ada's browser for a minute and knows her password asks for a change."""

    def test_does_not_outlive_a_password_reset(self, ada: User) -> None:
        thief = sign_in(OLD)
        ask(thief)
        reset_password(OLD)
        assert not is_in(thief)
        assert thief.post(link_to(NEW)).status_code == HTTPStatus.NOT_FOUND
        assert not EmailAddress.objects.filter(email=NEW).exists()

    def test_does_not_outlive_a_reset_in_the_same_browser(self, ada: User) -> None:
        client = sign_in(OLD)
        ask(client)
        client.post(reverse("account_reset_password"), {"email": OLD})
        form = client.get(link_to(OLD), follow=True).request["PATH_INFO"]
        client.post(form, {"password1": OTHERWISE, "password2": OTHERWISE})
        ada.refresh_from_db()
        assert ada.check_password(OTHERWISE)
        assert client.post(link_to(NEW)).status_code == HTTPStatus.NOT_FOUND

    def test_does_not_outlive_a_change_of_the_password(self, ada: User) -> None:
        thief, hers = sign_in(OLD), sign_in(OLD)
        ask(thief)
        form = {"oldpassword": PASSWORD, "password1": OTHERWISE, "password2": OTHERWISE}
        hers.post(reverse("account_change_password"), form)
        assert is_in(hers)
        assert not is_in(thief)
        assert thief.post(link_to(NEW)).status_code == HTTPStatus.NOT_FOUND

    def test_does_not_outlive_a_change_of_the_address(self, ada: User) -> None:
        thief, hers = sign_in(OLD), sign_in(OLD)
        ask(thief, "thief@example.net")
        changed(hers)
        assert not is_in(thief)
        assert Client().post(link_to("thief@example.net")).status_code == HTTPStatus.NOT_FOUND

    def test_is_one_at_a_time(self, ada: User) -> None:
        client = sign_in(OLD)
        ask(client, "first@example.net")
        ask(client)
        assert client.post(link_to("first@example.net")).status_code == HTTPStatus.NOT_FOUND

    def test_for_a_reset_does_not_outlive_a_change_of_the_address(self, ada: User) -> None:
        Client().post(reverse("account_reset_password"), {"email": OLD})
        reset = link_to(OLD)
        changed(sign_in(OLD))
        assert "no longer works" in Client().get(reset, follow=True).content.decode()


class TestTakingAChangeBack:
    def undo(self, link: str) -> Client:
        """Follow the link that the old address got, and choose a password."""
        owner = Client()
        assert "Take the change" in owner.get(link).content.decode()
        form = owner.post(link, follow=True).request["PATH_INFO"]
        owner.post(form, {"password1": OTHERWISE, "password2": OTHERWISE})
        return owner

    def test_restores_the_address_and_shuts_the_thief_out(self, ada: User) -> None:
        thief = sign_in(OLD)
        changed(thief)
        TOTP.activate(ada, generate_totp_secret())
        assert is_in(thief)
        self.undo(link_to(OLD))
        ada.refresh_from_db()
        assert (ada.email, ada.is_proven) == (OLD, True)
        assert not is_in(thief)
        for address in (OLD, NEW):
            assert not is_in(sign_in(address))
        assert not Authenticator.objects.filter(user=ada).exists()
        assert is_in(sign_in(OLD, OTHERWISE))

    def test_works_once(self, ada: User) -> None:
        changed(sign_in(OLD))
        link = link_to(OLD)
        self.undo(link)
        for answer in (Client().get(link), Client().post(link)):
            assert answer.status_code == HTTPStatus.NOT_FOUND
            assert "has been used" in answer.content.decode()

    def test_works_for_seven_days(self, ada: User) -> None:
        changed(sign_in(OLD))
        left = AddressChange.objects.get().expires_at - timezone.now()
        assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
        AddressChange.objects.update(expires_at=timezone.now())
        assert Client().post(link_to(OLD)).status_code == HTTPStatus.NOT_FOUND

    def test_is_not_prevented_by_a_second_change(self, ada: User) -> None:
        """The thief moves on, and would have the second address restore the first."""
        thief = sign_in(OLD)
        changed(thief)
        ask(thief, "further@example.org")
        thief.post(link_to("further@example.org"))
        thiefs = link_to(NEW)
        self.undo(link_to(OLD))
        ada.refresh_from_db()
        assert ada.email == OLD
        assert Client().post(thiefs).status_code == HTTPStatus.NOT_FOUND

    def test_takes_an_address_from_nobody_who_has_it_now(self, ada: User) -> None:
        changed(sign_in(OLD))
        other = UserFactory.create(email=OLD)
        assert Client().post(link_to(OLD)).status_code == HTTPStatus.CONFLICT
        other.refresh_from_db()
        assert other.email == OLD

    def test_keeps_the_second_factor_that_was_there_before(self, ada: User) -> None:
        TOTP.activate(ada, generate_totp_secret())
        secret = addresses.change_address(ada, email=NEW, is_proven=True)
        addresses.undo_change(secret)
        assert Authenticator.objects.filter(user=ada).exists()

    def test_its_secret_is_not_stored(self, ada: User) -> None:
        secret = addresses.change_address(ada, email=NEW, is_proven=True)
        assert secret
        assert secret not in str(AddressChange.objects.values().get())


class TestTheService:
    @pytest.mark.parametrize("email", ["", "nobody", DOTLESS, FULL_WIDTH, "taken@example.com"])
    def test_refuses_what_is_no_address_of_ones_own(self, ada: User, email: str) -> None:
        UserFactory.create(email="taken@example.com")
        with pytest.raises(Invalid) as refused:
            addresses.change_address(ada, email=email, is_proven=True)
        assert [error.field for error in refused.value.errors] == ["email"]
        with pytest.raises(Invalid):
            accounts.create_person(email=email)

    @pytest.mark.parametrize("email", [DOTLESS, KELVIN, FULL_WIDTH])
    def test_refuses_a_look_alike_at_the_other_doors_too(self, cast: Cast, email: str) -> None:
        for refusal in (
            refusal_of("createsuperuser", interactive=False, email=email),
            refusal_of("create_workspace", "Fabrikam", owner=email),
        ):
            assert "look like others" in refusal
        page = signed_in(cast.owner).post(
            reverse("members", args=[cast.workspace.pk]), {"email": email, "role": "editor"}
        )
        assert "look like others" in str(page.context["form"].errors["email"])
        added = signed_in(cast.superuser).post(reverse("admin:agents_user_add"), {"email": email})
        assert "look like others" in str(added.context["adminform"].form.errors["email"])

    def test_keeps_an_address_in_small_letters(self) -> None:
        assert accounts.create_person(email=" Ada@Example.NET ").email == NEW

    def test_proves_an_address_once(self, ada: User) -> None:
        assert not addresses.prove(ada)
        assert ada.check_password(PASSWORD)
        stranger = UserFactory.create(proven=False)
        assert addresses.prove(stranger)
        assert not stranger.has_usable_password()

    def test_ends_every_session_but_one(self, ada: User) -> None:
        first, second = signed_in(ada), sign_in(OLD)
        end_sessions(ada, except_key=first.session.session_key)
        assert is_in(first)
        assert not is_in(second)
        end_sessions(ada)
        assert not is_in(first)

    def test_ends_the_sessions_of_nobody_else(self, ada: User, cast: Cast) -> None:
        other = signed_in(cast.owner)
        end_sessions(ada)
        assert is_in(other)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_one_address_at_once_one_gets_it() -> None:
    people = [UserFactory.create(email=f"{name}@example.com") for name in ("ada", "bea")]

    def take(user: User) -> str:
        try:
            addresses.change_address(user, email=NEW, is_proven=True)
        except Invalid as error:
            return error.errors[0].code
        return "changed"

    outcomes = at_once([lambda user=user: take(user) for user in people])  # type: ignore[misc]
    assert sorted(outcomes) == ["changed", "email_taken"]
    assert User.objects.filter(email=NEW).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM account_emailaddress WHERE email = %s", [NEW])
        assert cursor.fetchone()[0] == 1
