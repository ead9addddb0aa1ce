"""Conclude and take back on pages; the links that show results to outsiders."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle, limits
from experiments.models import Action, Conclusion, Experiment, SharedLink
from experiments.outcomes import sharing
from glozr.errors import Conflict
from tests.agents.agents.edits import reword
from tests.experiments.outcomes.concluded import OPEN, WON, measured, winner_in_use
from tests.roles import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    return measured(cast.agent, WON, name="Aria or Max")


def url(step: str, experiment: Experiment) -> str:
    return reverse(f"experiment_{step}", args=[experiment.agent_id, experiment.pk])


def typed(experiment: Experiment, answer: str | int, **more: object) -> dict[str, object]:
    """What the form sends; a number is the position of the winner."""
    if isinstance(answer, int):
        answer = str(experiment.variants.get(position=answer).pk)
    return {"answer": answer, "seen_revision": "1", **more}


class TestConclude:
    def test_what_the_verdict_supports_is_preselected_and_the_prompts_compared(
        self, admin: Client, experiment: Experiment
    ) -> None:
        page = admin.get(url("conclude", experiment))
        assert page.context["chosen"] == str(experiment.variants.get(position=1).pk)
        text = page.content.decode()
        assert "treatment is better than control." in text
        assert '<ins><span class="visually-hidden">added: </span>Aria.' in text
        assert experiment.concluded is None

    def test_from_the_results_to_the_winner_in_use(
        self, admin: Client, experiment: Experiment, agent: Agent
    ) -> None:
        assert (
            url("conclude", experiment) in admin.get(experiment.get_absolute_url()).content.decode()
        )
        sent = typed(experiment, 1, put_into_use="on", learned="Warmth pays.")
        page = admin.post(url("conclude", experiment), sent, follow=True).content.decode()
        assert "Aria or Max is concluded: treatment won." in page
        assert "Warmth pays." in page
        assert url("take_back", experiment) in page
        assert url("start", experiment) not in page
        settings = admin.get(reverse("agent_settings", args=[agent.pk])).content.decode()
        assert "treatment of Aria or Max</a>, in use since" in settings
        assert (
            "From treatment of Aria or Max"
            in admin.get(reverse("agent_revisions", args=[agent.pk])).content.decode()
        )

    def test_against_the_verdict_it_asks_for_a_reason_and_keeps_what_was_typed(
        self, admin: Client, experiment: Experiment
    ) -> None:
        sent = typed(experiment, "abandoned", learned="The site changed.")
        refused = admin.post(url("conclude", experiment), sent)
        assert refused.status_code == HTTPStatus.CONFLICT
        page = refused.content.decode()
        assert "The verdict doesn&#x27;t support that: treatment is better" in page
        assert "The site changed." in page
        assert not Conclusion.objects.exists()
        admin.post(url("conclude", experiment), {**sent, "reason": "It was moved."})
        assert Conclusion.objects.get().reason == "It was moved."

    @pytest.mark.parametrize("answer", ["", "lost", "x" * 40])
    def test_an_answer_that_is_none_is_refused(
        self, admin: Client, experiment: Experiment, answer: str
    ) -> None:
        refused = admin.post(url("conclude", experiment), typed(experiment, answer))
        assert refused.status_code == HTTPStatus.BAD_REQUEST

    def test_a_persona_that_was_edited_meanwhile_is_shown_again(
        self, admin: Client, experiment: Experiment, agent: Agent
    ) -> None:
        reword(agent, tone="another")
        refused = admin.post(url("conclude", experiment), typed(experiment, 1, put_into_use="on"))
        assert refused.status_code == HTTPStatus.CONFLICT
        page = refused.content.decode()
        assert "Somebody edited the agent" in page
        assert 'name="seen_revision" value="2"' in page

    def test_a_second_person_is_told_what_the_first_said(
        self, admin: Client, experiment: Experiment
    ) -> None:
        admin.post(url("conclude", experiment), typed(experiment, 1))
        sent = typed(experiment, "abandoned", reason="No.")
        page = admin.post(url("conclude", experiment), sent, follow=True).content.decode()
        assert "is concluded already: treatment won" in page


class TestAfterwards:
    def test_the_winner_is_put_into_use_with_the_prompts_compared(
        self, admin: Client, experiment: Experiment, agent: Agent
    ) -> None:
        page = admin.post(url("conclude", experiment), typed(experiment, 1), follow=True)
        assert url("put_into_use", experiment) in page.content.decode()
        asked = admin.get(url("put_into_use", experiment)).content.decode()
        assert '<ins><span class="visually-hidden">added: </span>Aria.' in asked
        reword(agent, tone="another")
        late = admin.post(url("put_into_use", experiment), {"seen_revision": "1"})
        assert late.status_code == HTTPStatus.CONFLICT
        assert "Somebody edited the agent" in late.content.decode()
        assert 'name="seen_revision" value="2"' in late.content.decode()
        done = admin.post(url("put_into_use", experiment), {"seen_revision": "2"}, follow=True)
        assert "has its persona from now on" in done.content.decode()
        assert url("put_into_use", experiment) not in done.content.decode()
        assert url("take_back", experiment) in done.content.decode()

    def test_what_was_learned_is_edited_and_nothing_unseen_is_replaced(
        self, admin: Client, experiment: Experiment
    ) -> None:
        admin.post(url("conclude", experiment), typed(experiment, 1, learned="Warmth pays."))
        address = url("learned", experiment)
        form = admin.get(address).context["form"]
        seen = form["seen_version"].value()
        assert form["learned"].value() == "Warmth pays."
        sent = {"learned": "Warmth pays at night.", "seen_version": seen}
        page = admin.post(address, sent, follow=True).content.decode()
        assert "Warmth pays at night." in page
        late = admin.post(address, {**sent, "learned": "Mine."})
        assert late.status_code == HTTPStatus.BAD_REQUEST
        assert "It says now: “Warmth pays at night.”" in late.content.decode()
        assert Conclusion.objects.get().learned == "Warmth pays at night."
        again = {"learned": "Mine.", "seen_version": late.context["form"]["seen_version"].value()}
        admin.post(address, again)
        assert Conclusion.objects.get().learned == "Mine."


class TestTakeBack:
    def test_it_is_asked_and_done(self, admin: Client, experiment: Experiment) -> None:
        winner_in_use(experiment)
        page = admin.get(url("take_back", experiment)).content.decode()
        assert "gets the persona of revision 1 again" in page
        told = admin.post(url("take_back", experiment), follow=True).content.decode()
        assert "has the persona again that it had before" in told
        assert "taken back by" in told

    def test_an_agent_that_was_edited_is_left_alone(
        self, admin: Client, experiment: Experiment, agent: Agent
    ) -> None:
        winner_in_use(experiment)
        reword(agent, tone="by hand")
        page = admin.get(url("take_back", experiment)).content.decode()
        assert "edit the agent by hand" in page
        told = admin.post(url("take_back", experiment), follow=True).content.decode()
        assert "has been edited since" in told


class TestSharing:
    def test_who_has_the_link_sees_results_and_no_more(
        self, cast: Cast, client: Client, experiment: Experiment
    ) -> None:
        reword(cast.agent, by=cast.owner, tone="edited meanwhile")
        measured(cast.agent, OPEN, name="Another experiment")
        secret = sharing.share(experiment, by=cast.owner)
        answer = client.get(reverse("shared_results", args=[secret]))
        page = answer.content.decode()
        assert "treatment is better than control." in page
        assert "noindex" in answer["X-Robots-Tag"]
        assert "noindex" in page
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        for hidden in (str(cast.owner), "Another experiment", "/app/", "warm and concise"):
            assert hidden not in page

    def test_the_address_is_shown_once_and_only_its_digest_kept(
        self, admin: Client, client: Client, experiment: Experiment
    ) -> None:
        page = admin.post(url("share", experiment))
        address = page.context["address"]
        assert client.get(address).status_code == HTTPStatus.OK
        assert address not in admin.get(url("share", experiment)).content.decode()
        assert SharedLink.objects.get().digest not in address

    def test_revoked_or_deleted_it_shows_nothing(
        self, cast: Cast, admin: Client, client: Client, experiment: Experiment
    ) -> None:
        first, second = (sharing.share(experiment, by=cast.owner) for _ in range(2))
        link = sharing.links_of(experiment).last()
        assert link is not None
        unshare = reverse("experiment_unshare", args=[experiment.agent_id, experiment.pk, link.pk])
        for _ in range(2):
            admin.post(unshare)
        steps = experiment.events.filter(action__in=[Action.SHARED, Action.UNSHARED])
        assert [step.action for step in steps] == ["unshared", "shared", "shared"]
        answers = [client.get(reverse("shared_results", args=[one])) for one in (first, second)]
        assert [answer.status_code for answer in answers] == [404, 200]
        lifecycle.delete(experiment, by=None)
        for secret in (second, "made-up", "\N{SNOWMAN}"):
            answer = client.get(reverse("shared_results", args=[secret]))
            assert answer.status_code == HTTPStatus.NOT_FOUND
            assert experiment.name not in answer.content.decode()

    def test_there_are_only_so_many(
        self, cast: Cast, admin: Client, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "SHARED_LINKS", 1)
        sharing.share(experiment, by=cast.owner)
        with pytest.raises(Conflict, match="Revoke one"):
            sharing.share(experiment, by=cast.owner)
        assert admin.post(url("share", experiment)).status_code == HTTPStatus.CONFLICT
