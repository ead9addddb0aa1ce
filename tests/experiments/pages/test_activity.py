"""The pages of conversations and leads: who may open them, and odd addresses."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.models import Assignment, Experiment, Variant
from tests.experiments.visitors.lists import leads_of, list_of, of, status_of, transcript
from tests.factories import (
    ConversationFactory,
    ExperimentFactory,
    LeadFactory,
    MessageFactory,
    unused_id,
)
from tests.roles import Cast, signed_in
from tests.world import MAX_QUERIES


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


class TestAccess:
    @pytest.mark.parametrize("who", ["owner", "admin", "editor", "superuser"])
    def test_members_see_pages(self, who: str, cast: Cast) -> None:
        conversation = ConversationFactory.create(agent=cast.agent)
        client = signed_in(getattr(cast, who))

        for address in (list_of(cast.agent), leads_of(cast.agent), of(conversation)):
            assert client.get(address).status_code == 200

    def test_outsiders_find_nothing(self, cast: Cast) -> None:
        conversation = ConversationFactory.create(agent=cast.agent)
        client = signed_in(cast.outsider)

        for address in (list_of(cast.agent), leads_of(cast.agent), of(conversation)):
            assert client.get(address).status_code == 404

    def test_who_is_signed_out_is_asked_to_sign_in(self, cast: Cast) -> None:
        response = Client().get(list_of(cast.agent))

        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))

    def test_ids_of_elsewhere_are_not_found(self, cast: Cast, editor: Client) -> None:
        foreign = ConversationFactory.create()
        lead = LeadFactory.create()
        superuser = signed_in(cast.superuser)

        for client in (editor, superuser):
            assert client.get(transcript(cast.agent, foreign.pk)).status_code == 404
            assert client.get(transcript(cast.agent, unused_id())).status_code == 404
            assert client.get(f"/app/agents/{unused_id()}/leads/").status_code == 404
        assert superuser.post(status_of(cast.agent, lead), {"status": "won"}).status_code == 404


class TestConversations:
    def test_filters_stay_on_the_way_through_pages(self, editor: Client, agent: Agent) -> None:
        for n in range(120):
            ConversationFactory.create(agent=agent, visitor_id=f"{'ab'[n % 2]}{n}")
        address: str | None = f"{list_of(agent)}?search=a"
        seen = []
        while address:
            response = editor.get(address)
            seen += [row.visitor_id for row in response.context["page"].rows]
            cursor = response.context["page"].next
            address = f"{list_of(agent)}?search=a&cursor={cursor}" if cursor else None
            if cursor:
                assert f'href="?search=a&amp;cursor={cursor}"' in response.text

        assert seen == [f"a{n}" for n in range(118, -1, -2)]

    @pytest.mark.parametrize(
        "query",
        [
            "since=yesterday",
            "since=9999-12-31",
            "until=0001-01-01",
            "since=2025-11-25&until=2025-11-24",
            "experiment=x",
            "variant=00000000-0000-0000-0000-000000000000",
            "search=%00",
            "cursor=x",
            "cursor=after.-99999999999999999.00000000000000000000000000000000",
        ],
    )
    def test_odd_filters_are_told(self, query: str, editor: Client, agent: Agent) -> None:
        for address in (list_of(agent), leads_of(agent)):
            response = editor.get(f"{address}?{query}")
            assert response.status_code == 400, query

    def test_variant_of_another_agent_is_no_filter(self, editor: Client, agent: Agent) -> None:
        foreign = ExperimentFactory.create()
        arm = foreign.variants.all()[0]

        for query in ({"experiment": str(foreign.pk)}, {"variant": str(arm.pk)}):
            response = editor.get(list_of(agent), query)
            assert response.status_code == 400
            assert "This agent has no such" in response.text


@pytest.mark.parametrize("who", ["owner", "editor"])
def test_pages_take_few_queries_whatever_the_number_of_rows(
    who: str, cast: Cast, experiment: Experiment
) -> None:
    client = signed_in(getattr(cast, who))
    conversation = ConversationFactory.create(agent=cast.agent, visitor_id="busy")
    for rows in (1, 200):
        fill(cast.agent, experiment, conversation, rows)
        for address in (
            list_of(cast.agent),
            f"{list_of(cast.agent)}?experiment={experiment.pk}",
            of(conversation),
            leads_of(cast.agent),
            f"{leads_of(cast.agent)}?experiment={experiment.pk}",
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            assert len(queries) <= MAX_QUERIES, "\n".join(each["sql"][-160:] for each in queries)


def fill(agent: Agent, experiment: Experiment, busy: Conversation, rows: int) -> None:
    variants: list[Variant] = list(experiment.variants.all())
    for n in range(rows):
        visitor, variant = f"filled-{rows}-{n}", variants[n % 2]
        Assignment.objects.create(
            agent=agent, experiment=experiment, variant=variant, visitor_id=visitor
        )
        filled = ConversationFactory.create(
            agent=agent, visitor_id=visitor, variant_id=variant.pk, decided_at=busy.started_at
        )
        MessageFactory.create(conversation=filled)
        MessageFactory.create(conversation=busy)
        LeadFactory.create(agent=agent, visitor_id=visitor, conversation=filled)
        ConversationFactory.create(agent=agent, visitor_id=busy.visitor_id)
        LeadFactory.create(agent=agent, visitor_id=busy.visitor_id)
