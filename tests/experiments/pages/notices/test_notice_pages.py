"""Notices on pages: the bell, the list, the line on the agent's tab, and webhooks."""

import re
from http import HTTPStatus
from typing import Any

import pytest
import standardwebhooks
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from agents.models import WorkspaceEvent
from experiments import lifecycle, limits
from experiments.models import Delivery, DeliveryState, Experiment, Webhook
from experiments.notices.passing_on import pass_on_notices
from experiments.notices.preferences import wants_mail
from experiments.notices.webhooks import add_webhook
from tests.experiments.notices.receivers import receiver
from tests.factories import ExperimentFactory
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(cast: Cast) -> Experiment:
    draft = ExperimentFactory.create(agent=cast.agent, name="Aria or Max")
    return lifecycle.start(draft, by=cast.owner)


def notices(cast: Cast) -> str:
    return reverse("notice_list", args=[cast.workspace.pk])


def webhooks(cast: Cast) -> str:
    return reverse("webhooks", args=[cast.workspace.pk])


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == HTTPStatus.OK
    return answer.content.decode()


class TestTheBell:
    def test_counts_what_is_new_to_whoever_looks(
        self, cast: Cast, running: Experiment, editor: Client
    ) -> None:
        anywhere = reverse("agent_settings", args=[cast.agent.pk])
        lifecycle.stop(running, by=None)
        assert "Notices: 2 new" in page(editor, anywhere)
        assert "Notices: 1 new" in page(signed_in(cast.owner), anywhere), "Their own is no news."
        seen = page(editor, notices(cast))
        assert seen.count(">New<") == 2
        assert "Aria or Max has started" in seen
        assert " new<" not in page(editor, anywhere)
        assert ">New<" not in page(editor, notices(cast))
        assert "Notices: 1 new" in page(signed_in(cast.owner), anywhere)

    def test_is_of_the_workspace_that_one_is_in(self, cast: Cast, running: Experiment) -> None:
        assert " new<" not in page(signed_in(cast.outsider), reverse("agent_list"))

    def test_is_not_counted_without_end(
        self, cast: Cast, running: Experiment, editor: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "NOTICES_LOOKED_THROUGH", 3)
        for _ in range(3):
            lifecycle.stop(running, by=None)
            lifecycle.start(running, by=None)
        assert "Notices: 3 new" in page(editor, reverse("agent_settings", args=[cast.agent.pk]))


class TestTheList:
    def test_leads_to_what_is_still_there(
        self, cast: Cast, running: Experiment, editor: Client
    ) -> None:
        link = f'href="{running.get_absolute_url()}"'
        assert link in page(editor, notices(cast))
        lifecycle.delete(running, by=cast.owner)
        told = page(editor, notices(cast))
        assert "Aria or Max has ended" in told
        assert link not in told

    def test_mail_is_off_and_on_with_one_click(self, cast: Cast, admin: Client) -> None:
        address = reverse("notice_mail", args=[cast.workspace.pk])
        assert "Stop mailing me" in page(admin, notices(cast))
        admin.post(address, {"wanted": "no"})
        assert not wants_mail(cast.admin, cast.workspace)
        assert "Mail them to me" in page(admin, notices(cast))
        admin.post(address, {"wanted": "yes"})
        assert wants_mail(cast.admin, cast.workspace)

    def test_the_agents_tab_has_the_latest(
        self, cast: Cast, running: Experiment, editor: Client
    ) -> None:
        tab = reverse("experiment_list", args=[cast.agent.pk])
        assert "Aria or Max has started" in page(editor, tab)
        lifecycle.stop(running, by=None)
        assert "Aria or Max has ended" in page(editor, tab)
        lifecycle.delete(running, by=None)
        assert "Aria or Max" not in page(editor, tab)


def new(url: str, **others: str) -> dict[str, str]:
    return {"name": "Data team", "form": "standard", "url": url, **others}


class TestWebhooks:
    def test_the_whole_way(self, cast: Cast, running: Experiment, admin: Client) -> None:
        with receiver() as taking:
            shown = admin.post(webhooks(cast), new(taking.url)).content.decode()
            [secret] = re.findall(r'value="(whsec_[^"]+)"', shown)
            webhook = Webhook.objects.get()
            address = reverse("webhook", args=[cast.workspace.pk, webhook.pk])
            for listed in (page(admin, webhooks(cast)), page(admin, address)):
                assert f"http://127.0.0.1:{taking.port}/…" in listed
                assert "s3cret" not in listed
                assert secret not in listed
            taking.answers = [410]
            call_command("run_background", "--once")
            assert "gone for good (410)" in page(admin, address)
            admin.post(f"{address}switch/", {"enabled": "yes"})
            admin.post(f"{address}deliveries/{Delivery.objects.get().pk}/again/")
            assert "Waiting" in page(admin, address)
            call_command("run_background", "--once")
            assert "Delivered" in page(admin, address)
            for posted in taking.requests:
                standardwebhooks.Webhook(secret).verify(posted.body, posted.headers)
            assert len(taking.requests) == 2
        renewed = admin.post(f"{address}secret/").content.decode()
        assert re.findall(r'value="(whsec_[^"]+)"', renewed) not in ([], [secret])
        admin.post(f"{address}remove/")
        assert not Webhook.objects.exists()
        history = page(admin, reverse("workspace_history", args=[cast.workspace.pk]))
        told = [history.count(f"{one} the webhook Data team") for one in ("added", "removed")]
        assert told == [1, 1]
        assert history.count("changed the webhook Data team") == 3

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            (new("https://example.com/", name=""), "This field is required."),
            (new("nowhere"), "Write a whole address"),
            (new("https://ada:secret@example.com/"), "Leave out the user name"),
            (new("https://example.com/", form="xml"), "Select a valid choice"),
            (new("https://example.com/" + "x" * limits.WEBHOOK_URL), "at most 500 characters"),
        ],
    )
    def test_faults_are_told_at_their_field(
        self, cast: Cast, admin: Client, sent: dict[str, str], said: str
    ) -> None:
        answer = admin.post(webhooks(cast), sent)
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert said in answer.content.decode()
        assert not Webhook.objects.exists()

    def test_in_production_only_https_is_taken(
        self, cast: Cast, admin: Client, settings: Any
    ) -> None:
        settings.WEBHOOK_REACH = "public"
        answer = admin.post(webhooks(cast), new("http://example.com/"))
        assert "must begin with https" in answer.content.decode()

    def test_there_are_not_more_than_may_be(
        self, cast: Cast, admin: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "WEBHOOKS", 1)
        admin.post(webhooks(cast), new("https://example.com/"))
        refused = admin.post(webhooks(cast), new("https://example.com/"))
        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert "Remove one first" in refused.content.decode()

    def test_slack_has_no_secret(self, cast: Cast, admin: Client) -> None:
        admin.post(webhooks(cast), new("https://hooks.slack.com/services/T/B/x", form="slack"))
        webhook = Webhook.objects.get()
        address = reverse("webhook_secret", args=[cast.workspace.pk, webhook.pk])
        assert admin.post(address).status_code == HTTPStatus.CONFLICT

    def test_those_of_others_are_not_there(self, cast: Cast, admin: Client) -> None:
        elsewhere = cast.outsider.memberships.get().workspace
        theirs, _ = add_webhook(
            elsewhere, name="x", url="https://example.com/", form="standard", by=None
        )
        for name in ("webhook", "webhook_secret", "webhook_remove"):
            address = reverse(name, args=[cast.workspace.pk, theirs.pk])
            assert admin.get(address).status_code == HTTPStatus.NOT_FOUND
        assert Webhook.objects.get() == theirs

    def test_a_delivery_of_another_webhook_is_not_resent(
        self, cast: Cast, running: Experiment, admin: Client
    ) -> None:
        hooks = [
            add_webhook(cast.workspace, name="x", url="https://a.b/", form="slack", by=None)[0]
            for _ in range(2)
        ]
        pass_on_notices()
        Delivery.objects.update(state=DeliveryState.FAILED)
        wrong = Delivery.objects.get(webhook=hooks[0])
        address = reverse("delivery_again", args=[cast.workspace.pk, hooks[1].pk, wrong.pk])
        assert admin.post(address).status_code == HTTPStatus.NOT_FOUND
        assert WorkspaceEvent.objects.filter(action="webhook_added").count() == 2
