"""People's addresses and passwords in the admin: written by the same services as on the pages."""

from http import HTTPStatus
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from agents.models import User
from tests.agents.letters import link_to, links_to
from tests.agents.people.ada import NEW, OLD, OTHERWISE, ask, is_in, sign_in
from tests.factories import UserFactory
from tests.glozr.test_addresses import DOTLESS
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_so_far() -> None:
    cache.clear()


@pytest.fixture
def ada() -> User:
    return UserFactory.create(email=OLD)


class TestTheAdmin:
    @pytest.fixture
    def root(self, cast: Cast) -> Client:
        return signed_in(cast.superuser)

    def change(self, root: Client, user: User, **fields: Any) -> Any:
        form = {"email": user.email, "is_active": "on", **fields}
        return root.post(reverse("admin:agents_user_change", args=[user.pk]), form)

    def test_gives_a_new_address_no_power_and_the_old_none_more(
        self, root: Client, ada: User
    ) -> None:
        hers = sign_in(OLD)
        assert self.change(root, ada, email=NEW).status_code == HTTPStatus.FOUND
        ada.refresh_from_db()
        assert (ada.email, ada.is_proven) == (NEW, False)
        assert not is_in(hers)
        for address in (OLD, NEW):
            assert not is_in(sign_in(address))
        [confirm] = [link for link in links_to(NEW) if "confirm-email" in link]
        owner = Client()
        form = owner.post(confirm, follow=True).request["PATH_INFO"]
        owner.post(form, {"password1": OTHERWISE, "password2": OTHERWISE})
        assert is_in(sign_in(NEW, OTHERWISE))
        assert not is_in(sign_in(NEW))

    def test_tells_the_old_address_which_can_take_it_back(self, root: Client, ada: User) -> None:
        self.change(root, ada, email=NEW)
        Client().post(link_to(OLD))
        ada.refresh_from_db()
        assert (ada.email, ada.is_proven) == (OLD, True)

    def test_gives_an_address_that_was_never_proven_no_way_back(
        self, root: Client, ada: User
    ) -> None:
        """A typing mistake in the admin, mended there: its reader must not get the account."""
        self.change(root, ada, email="typo@example.com")
        ada.refresh_from_db()
        self.change(root, ada, email=NEW)
        assert not [link for link in links_to("typo@example.com") if "undo" in link]
        [confirm] = [link for link in links_to("typo@example.com") if "confirm-email" in link]
        assert Client().post(confirm).status_code == HTTPStatus.NOT_FOUND

    @pytest.mark.parametrize("email", ["mike@example.com", DOTLESS, "nobody"])
    def test_refuses_what_others_have_or_could_be_taken_for(
        self, root: Client, ada: User, email: str
    ) -> None:
        UserFactory.create(email="mike@example.com")
        answer = self.change(root, ada, email=email)
        assert "email" in answer.context["adminform"].form.errors
        ada.refresh_from_db()
        assert ada.email == OLD

    def test_ends_sessions_with_a_new_password_or_an_account_shut(
        self, root: Client, ada: User
    ) -> None:
        hers = sign_in(OLD)
        ask(hers)
        form = {"password1": OTHERWISE, "password2": OTHERWISE, "usable_password": "true"}
        address = reverse("admin:auth_user_password_change", args=[ada.pk])
        assert root.post(address, form).status_code == HTTPStatus.FOUND
        assert not is_in(hers)
        assert hers.post(link_to(NEW)).status_code == HTTPStatus.NOT_FOUND
        again = sign_in(OLD, OTHERWISE)
        assert is_in(again)
        self.change(root, ada, is_active="")
        assert not is_in(again)

    def test_leads_to_the_one_page_for_passwords(self, root: Client, cast: Cast) -> None:
        own = reverse("admin:auth_user_password_change", args=[cast.superuser.pk])
        for address in (reverse("admin:password_change"), own):
            assert root.get(address)["Location"] == reverse("account_change_password")

    def test_of_addresses_is_to_be_read_alone(self, root: Client, ada: User) -> None:
        row = EmailAddress.objects.get(user=ada)
        address = reverse("admin:account_emailaddress_change", args=[row.pk])
        assert root.post(address, {"user": ada.pk, "email": NEW}).status_code == 403
        listed = reverse("admin:account_emailaddress_changelist")
        root.post(listed, {"action": "make_verified", "_selected_action": [row.pk]})
        assert EmailAddress.objects.get(pk=row.pk).email == OLD
