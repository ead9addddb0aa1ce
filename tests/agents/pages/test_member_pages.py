"""The pages on which members are invited, changed and removed."""

import re
from http import HTTPStatus

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from agents.mail import sending
from agents.models import MailState, Membership, OutgoingMail, Role, User
from tests.factories import PASSWORD, MembershipFactory, UserFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db
NEW = "new@example.com"


def members_url(cast: Cast) -> str:
    return reverse("members", args=[cast.workspace.pk])


def member_url(cast: Cast, user: User, name: str = "member") -> str:
    membership = Membership.objects.get(workspace=cast.workspace, user=user)
    return reverse(name, args=[cast.workspace.pk, membership.pk])


def invited_link(client: Client, cast: Cast, role: Role = Role.EDITOR) -> str:
    """Invite NEW as whoever is signed in; the path of the link."""
    response = client.post(members_url(cast), {"email": NEW, "role": role})
    found = re.search(r"http://testserver(/invitations/[^/]+/)", response.content.decode())
    assert found
    return found[1]


def mailed_link() -> str:
    """The path of the link in the last mail."""
    found = re.search(r"http://testserver(/invitations/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 200), ("admin", 200), ("editor", 403), ("outsider", 404)]
)
def test_who_sees_the_members(client: Client, cast: Cast, who: str, status: int) -> None:
    client.force_login(getattr(cast, who))
    assert client.get(members_url(cast)).status_code == status
    sent = {"email": NEW, "role": Role.EDITOR}
    assert client.post(members_url(cast), sent).status_code == status


def test_the_list_is_paged_searched_and_cheap(
    client: Client, cast: Cast, django_assert_max_num_queries: object
) -> None:
    for _ in range(60):
        MembershipFactory.create(workspace=cast.workspace)
    client.force_login(cast.owner)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page = client.get(members_url(cast), {"page": 2}).content.decode()
    assert "of 63 members" in page
    page = client.get(members_url(cast), {"search": "OWNER@"}).content.decode()
    assert "owner@example.com" in page
    assert str(cast.admin) not in page


def test_an_owner_changes_a_role(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    response = client.post(member_url(cast, cast.editor), {"role": "admin"}, follow=True)
    assert f"{cast.editor} is now an Admin." in response.content.decode()


def test_an_admin_finds_no_control_over_an_owner(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    url = member_url(cast, cast.owner)
    assert "Only another Owner" in client.get(url).content.decode()
    assert client.post(url, {"role": "editor"}).status_code == HTTPStatus.FORBIDDEN
    removed = client.post(member_url(cast, cast.owner, "member_remove"))
    assert removed.status_code == HTTPStatus.FORBIDDEN
    assert "Only an Owner" in removed.content.decode()
    made = client.post(member_url(cast, cast.editor), {"role": "owner"})
    assert made.status_code == HTTPStatus.BAD_REQUEST
    assert made.context["form"].errors["role"]
    assert cast.workspace.memberships.filter(role=Role.OWNER).count() == 1


def test_the_last_owner_is_told_why_they_stay(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    changed = client.post(member_url(cast, cast.owner), {"role": "editor"})
    assert changed.status_code == HTTPStatus.BAD_REQUEST
    assert "only Owner" in str(changed.context["form"].errors["role"])
    left = client.post(reverse("workspace_leave", args=[cast.workspace.pk]))
    assert left.status_code == HTTPStatus.CONFLICT
    assert "Make somebody else an Owner first." in left.content.decode()


def test_a_removal_is_confirmed_first(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    url = member_url(cast, cast.editor, "member_remove")
    assert f"Remove {cast.editor} from" in client.get(url).content.decode()
    assert cast.workspace.memberships.count() == 3
    client.post(url)
    assert cast.workspace.memberships.count() == 2
    assert client.post(url).status_code == HTTPStatus.NOT_FOUND


def test_an_editor_may_leave(client: Client, cast: Cast) -> None:
    client.force_login(cast.editor)
    url = reverse("workspace_leave", args=[cast.workspace.pk])
    assert client.get(url).status_code == HTTPStatus.OK
    response = client.post(url, follow=True)
    assert "Ask for an invitation" in response.content.decode()
    assert client.get(url).status_code == HTTPStatus.NOT_FOUND


def test_who_demotes_themself_is_not_sent_to_a_closed_page(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    response = client.post(member_url(cast, cast.admin), {"role": "editor"}, follow=True)
    assert response.status_code == HTTPStatus.OK
    assert response.request["PATH_INFO"] == reverse("agent_list")


def test_a_member_of_another_workspace_is_not_found_through_ours(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.owner)
    foreign = Membership.objects.get(user=cast.outsider)
    url = reverse("member_remove", args=[cast.workspace.pk, foreign.pk])
    assert client.post(url).status_code == HTTPStatus.NOT_FOUND
    assert Membership.objects.filter(pk=foreign.pk).exists()


def test_an_invitation_is_mailed_and_its_link_shown_once(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    link = invited_link(client, cast)
    [message] = mail.outbox
    assert message.to == [NEW]
    assert link in str(message.body)
    assert message.subject == f"Join “{cast.workspace}” on Glozr"
    assert mailed_link() != link
    page = client.get(members_url(cast)).content.decode()
    assert NEW in page
    assert link not in page


def test_a_mail_server_that_is_away_does_not_stop_an_invitation(
    client: Client, cast: Cast, settings: object
) -> None:
    settings.MAIL_DELIVERY_BACKEND = "agents.mail.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # type: ignore[attr-defined]
    client.force_login(cast.owner)
    invited_link(client, cast)
    assert not mail.outbox
    waiting = OutgoingMail.objects.get()
    assert (waiting.state, waiting.problem) == (MailState.WAITING, sending.NO_ANSWER)


def test_somebody_new_signs_up_through_the_mailed_link(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    invited_link(client, cast, Role.ADMIN)
    link = mailed_link()
    guest = Client()
    assert cast.workspace.name in guest.get(link).content.decode()
    weak = guest.post(link, {"name": "Ada", "password": "password"})
    assert weak.status_code == HTTPStatus.BAD_REQUEST
    assert "too common" in str(weak.context["form"].errors["password"])
    response = guest.post(link, {"name": "Ada", "password": PASSWORD}, follow=True)
    assert f"Welcome to {cast.workspace}" in response.content.decode()
    assert cast.workspace.memberships.get(user__email=NEW).role == Role.ADMIN
    assert Client().get(link).status_code == HTTPStatus.NOT_FOUND


def test_somebody_with_an_account_signs_in_and_joins(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    link = invited_link(client, cast)
    user = UserFactory.create(email=NEW)
    guest = Client()
    for each in (link, mailed_link()):
        assert f"{reverse('account_login')}?next=" in guest.get(each).content.decode()
        guest.post(each, {"name": "Eve", "password": "some other password"})
    assert not cast.workspace.memberships.filter(user=user).exists()
    guest.force_login(user)
    assert "Join" in guest.get(link).content.decode()
    guest.post(link)
    assert cast.workspace.memberships.filter(user=user, role=Role.EDITOR).exists()


def test_the_link_is_of_no_use_to_somebody_else(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    link = invited_link(client, cast)
    other = Client()
    other.force_login(cast.outsider)
    assert "Sign out" in other.get(link).content.decode()
    assert other.post(link).status_code == HTTPStatus.FORBIDDEN
    assert not cast.workspace.memberships.filter(user=cast.outsider).exists()


@pytest.mark.parametrize("secret", ["x", "x" * 500, "%00", "%ff%fe"])
def test_an_unknown_link_says_so(client: Client, db: None, secret: str) -> None:
    response = client.get(f"/invitations/{secret}/")
    assert response.status_code == HTTPStatus.NOT_FOUND


def test_a_new_link_and_a_withdrawal_end_the_old_link(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    old = invited_link(client, cast)
    invitation = cast.workspace.invitations.get()
    arguments = [cast.workspace.pk, invitation.pk]
    response = client.post(reverse("invitation_resend", args=arguments))
    assert response.status_code == HTTPStatus.OK
    assert Client().get(old).status_code == HTTPStatus.NOT_FOUND
    revoke = reverse("invitation_revoke", args=arguments)
    assert client.get(revoke).status_code == HTTPStatus.OK
    client.post(revoke)
    assert not cast.workspace.invitations.exists()
    assert client.get(revoke).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("name", ["invitation_resend", "invitation_revoke"])
def test_editors_and_outsiders_touch_no_invitation(client: Client, cast: Cast, name: str) -> None:
    client.force_login(cast.owner)
    invited_link(client, cast)
    url = reverse(name, args=[cast.workspace.pk, cast.workspace.invitations.get().pk])
    for who, status in ((cast.editor, 403), (cast.outsider, 404)):
        client.force_login(who)
        assert client.post(url).status_code == status
    assert cast.workspace.invitations.open().count() == 1


def test_who_is_the_only_owner_is_not_offered_to_leave(client: Client, cast: Cast) -> None:
    leave = reverse("workspace_leave", args=[cast.workspace.pk])
    members = reverse("members", args=[cast.workspace.pk])
    for person, is_offered in ((cast.owner, False), (cast.admin, True)):
        client.force_login(person)
        assert (leave in client.get(members).text) == is_offered
    MembershipFactory.create(workspace=cast.workspace, role=Role.OWNER)
    client.force_login(cast.owner)
    assert leave in client.get(members).text
