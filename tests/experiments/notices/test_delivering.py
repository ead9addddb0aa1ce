"""What was told arrives at webhooks: once, signed, later if need be, and not for ever."""

import base64
import time
from datetime import timedelta
from typing import Any

import pytest
import standardwebhooks
from django.utils import timezone

from agents.models import WorkspaceEvent
from experiments import lifecycle, limits
from experiments.models import Delivery, DeliveryState, Experiment, Webhook
from experiments.notices import delivering, posting
from experiments.notices.passing_on import pass_on_notices
from experiments.notices.upkeep import clear_old_notices
from experiments.notices.webhooks import add_webhook, deliver_again, renew_secret, switch_webhook
from glozr.errors import Conflict
from tests.experiments.notices.receivers import Receiver, receiver
from tests.roles import Cast
from tests.threads import at_once

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def hooked(cast: Cast, taking: Receiver, form: str = "standard") -> tuple[Webhook, str]:
    return add_webhook(cast.workspace, name="Data team", url=taking.url, form=form, by=cast.owner)


def delivered() -> int:
    pass_on_notices()
    return delivering.deliver_due()


def the_delivery() -> Delivery:
    return Delivery.objects.get()


def again_now() -> None:
    Delivery.objects.update(due_at=timezone.now() - SECOND)
    delivering.deliver_due()


class TestWhatArrives:
    def test_is_signed_so_that_the_library_takes_it(
        self, cast: Cast, running: Experiment, taking: Receiver
    ) -> None:
        _, secret = hooked(cast, taking)
        assert delivered() == 1
        [posted] = taking.requests
        said = standardwebhooks.Webhook(secret).verify(posted.body, posted.headers)
        assert said == posted.said
        assert said["type"] == "experiment.started"
        assert said["timestamp"].endswith("Z")
        data = said["data"]
        assert data["experiment"]["id"] == str(running.pk)
        assert data["experiment"]["url"].startswith("http")
        assert data["experiment"]["url"].endswith(running.get_absolute_url())
        assert (data["title"], data["text"]) == (
            "Aria or Max has started", "owner@example.com started it.",
        )  # fmt: skip
        assert the_delivery().state == DeliveryState.DELIVERED
        assert posted.headers["Content-Type"] == "application/json"

    def test_in_other_alphabets_too(
        self, cast: Cast, running: Experiment, taking: Receiver
    ) -> None:
        Experiment.objects.filter(pk=running.pk).update(name="Grüße, שלום 👋")
        _, secret = hooked(cast, taking)
        delivered()
        [posted] = taking.requests
        said = standardwebhooks.Webhook(secret).verify(posted.body, posted.headers)
        assert said["data"]["experiment"]["name"] == "Grüße, שלום 👋"

    def test_is_refused_with_another_secret(
        self, cast: Cast, running: Experiment, taking: Receiver
    ) -> None:
        webhook, before = hooked(cast, taking)
        after = renew_secret(webhook, by=cast.owner)
        delivered()
        [posted] = taking.requests
        standardwebhooks.Webhook(after).verify(posted.body, posted.headers)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(before).verify(posted.body, posted.headers)

    def test_is_a_text_for_slack(self, cast: Cast, running: Experiment, taking: Receiver) -> None:
        Experiment.objects.filter(pk=running.pk).update(name="<!channel> A&B")
        _, secret = hooked(cast, taking, "slack")
        assert secret == ""
        delivered()
        [posted] = taking.requests
        text = posted.said["text"]
        assert text.startswith("*&lt;!channel&gt; A&amp;B has started*\nowner@example.com")
        assert f"{running.get_absolute_url()}|Open Agent" in text
        assert not [name for name in posted.headers if name.lower().startswith("webhook-")]

    def test_comes_to_every_webhook_that_is_on(
        self, cast: Cast, running: Experiment, taking: Receiver
    ) -> None:
        hooked(cast, taking)
        off, _ = hooked(cast, taking)
        switch_webhook(off, is_enabled=False, by=cast.owner)
        hooked(cast, taking, "slack")
        assert delivered() == 2

    def test_is_of_ones_own_workspace(self, cast: Cast, taking: Receiver) -> None:
        elsewhere = cast.outsider.memberships.get().workspace
        add_webhook(elsewhere, name="x", url=taking.url, form="standard", by=None)
        assert delivered() == 0

    def test_nothing_comes_of_what_was_told_before(
        self, cast: Cast, running: Experiment, taking: Receiver
    ) -> None:
        assert delivered() == 0
        hooked(cast, taking)
        lifecycle.stop(running, by=cast.owner)
        assert delivered() == 1
        assert taking.requests[0].said["type"] == "experiment.ended"


class TestWhatDoesNotArrive:
    @pytest.fixture(autouse=True)
    def _hooked(self, cast: Cast, running: Experiment, taking: Receiver) -> None:
        hooked(cast, taking)

    def test_is_tried_again_as_the_same_notice(self, taking: Receiver) -> None:
        taking.answers = [500, 503]
        assert delivered() == 0
        first = the_delivery()
        assert (first.state, first.attempts, first.status) == (DeliveryState.WAITING, 1, 500)
        assert first.problem == "The address answered 500."
        assert first.due_at - timezone.now() > timedelta(seconds=50)
        assert delivering.deliver_due() == 0, "It is not due yet."
        again_now()
        again_now()
        ids = {posted.headers["webhook-id"] for posted in taking.requests}
        assert (len(taking.requests), len(ids)) == (3, 1)
        last = the_delivery()
        assert (last.state, last.attempts, last.status) == (DeliveryState.DELIVERED, 3, 204)
        assert last.problem == ""

    def test_is_tried_for_a_day(self, taking: Receiver) -> None:
        taking.answers = [500] * 40
        pass_on_notices()
        begun, waited = timezone.now(), timedelta()
        while the_delivery().state == DeliveryState.WAITING:
            Delivery.objects.update(since=begun - waited)
            again_now()
            waited += delivering.next_pause(the_delivery().attempts)
        assert 10 <= len(taking.requests) <= 20
        assert the_delivery().state == DeliveryState.FAILED
        assert timedelta(hours=24) <= waited <= timedelta(hours=33)

    def test_is_resent_for_another_day(self, taking: Receiver) -> None:
        taking.answers = [500]
        pass_on_notices()
        Delivery.objects.update(since=timezone.now() - timedelta(hours=24))
        delivering.deliver_due()
        assert the_delivery().state == DeliveryState.FAILED
        deliver_again(the_delivery())
        assert delivering.deliver_due() == 1
        assert (the_delivery().attempts, the_delivery().turn) == (1, 2)

    def test_is_not_resent_while_it_is_tried(self) -> None:
        pass_on_notices()
        with pytest.raises(Conflict):
            deliver_again(the_delivery())

    def test_a_redirect_leads_nowhere(self, taking: Receiver) -> None:
        with receiver() as elsewhere:
            taking.answers, taking.location = [307], elsewhere.url
            assert delivered() == 0
            assert elsewhere.requests == []
        assert "leads elsewhere (307)" in the_delivery().problem

    def test_gone_for_good_turns_the_webhook_off(self, cast: Cast, taking: Receiver) -> None:
        taking.answers = [410]
        delivered()
        assert the_delivery().state == DeliveryState.FAILED
        assert "gone for good (410)" in the_delivery().problem
        assert not Webhook.objects.get().is_enabled
        told = WorkspaceEvent.objects.latest("created_at")
        assert (told.action, told.actor_name) == ("webhook_changed", "Glozr")
        with pytest.raises(Conflict):
            deliver_again(the_delivery())

    def test_no_private_address_is_spoken_to_in_production(
        self, settings: Any, taking: Receiver
    ) -> None:
        settings.WEBHOOK_REACH = "public"
        assert delivered() == 0
        assert "must begin with https" in the_delivery().problem
        Webhook.objects.update(url=taking.url.replace("http:", "https:"))
        again_now()
        assert "private network" in the_delivery().problem
        assert taking.requests == []

    def test_one_that_is_switched_off_gets_nothing_that_waits(
        self, cast: Cast, taking: Receiver
    ) -> None:
        pass_on_notices()
        switch_webhook(Webhook.objects.get(), is_enabled=False, by=cast.owner)
        assert the_delivery().state == DeliveryState.FAILED
        Delivery.objects.update(state=DeliveryState.WAITING)  # told at that very moment
        assert delivering.deliver_due() == 0
        assert the_delivery().state == DeliveryState.FAILED
        assert taking.requests == []

    def test_what_a_sender_that_died_had_taken_is_due_again(self, taking: Receiver) -> None:
        pass_on_notices()
        assert len(delivering._take()) == 1
        assert delivering.deliver_due() == 0
        Delivery.objects.update(due_at=timezone.now() - SECOND)
        assert delivering.deliver_due() == 1

    def test_a_sender_that_was_late_changes_nothing_any_more(self, taking: Receiver) -> None:
        pass_on_notices()
        [late] = delivering._take()
        again_now()
        delivering._note(late, delivering._Outcome(500, "The address answered 500."))
        assert the_delivery().state == DeliveryState.DELIVERED


def test_an_address_that_hangs_holds_up_no_other(
    cast: Cast, running: Experiment, taking: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.5)
    for _ in range(3):
        lifecycle.stop(running, by=None)
        lifecycle.start(running, by=None)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        for _ in range(3):
            add_webhook(cast.workspace, name="x", url=url, form="standard", by=None)
        hooked(cast, taking)
        begun = time.monotonic()
        assert delivered() == 7
        assert time.monotonic() - begun < 3
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
    assert (waiting.count(), waiting.filter(turn__gt=0).count()) == (21, 3)


@pytest.mark.django_db(transaction=True)
def test_however_many_send_each_notice_is_sent_once(
    cast: Cast, running: Experiment, taking: Receiver
) -> None:
    for _ in range(5):
        lifecycle.stop(running, by=None)
        lifecycle.start(running, by=None)
    hooked(cast, taking)
    at_once([pass_on_notices] * 3)
    at_once([delivering.deliver_due] * 3)
    ids = [posted.headers["webhook-id"] for posted in taking.requests]
    assert (len(ids), len(set(ids))) == (11, 11)


def test_the_secret_is_stored_nowhere(cast: Cast, taking: Receiver) -> None:
    _, secret = hooked(cast, taking)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    kept = str(Webhook.objects.values().get()) + str(list(WorkspaceEvent.objects.values()))
    assert secret not in kept
    assert key.hex() not in kept
    assert "s3cret" not in str(list(WorkspaceEvent.objects.values()))


def test_how_old_notices_fared_is_forgotten_but_not_that_they_were_told(
    cast: Cast, running: Experiment, taking: Receiver
) -> None:
    hooked(cast, taking)
    pass_on_notices()
    Delivery.objects.update(created_at=timezone.now() - limits.DELIVERY_KEPT_FOR - SECOND)
    clear_old_notices()
    assert Delivery.objects.count() == 1, "It still waits."
    delivering.deliver_due()
    clear_old_notices()
    assert Delivery.objects.count() == 0
    assert running.notices.count() == 1
