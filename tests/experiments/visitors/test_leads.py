"""Which leads are listed, and the variants that count them."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from agents.models import Agent
from experiments.models import Experiment
from tests.experiments.visitors.lists import leads_of, listed
from tests.factories import ConversationFactory, LeadFactory
from tests.runtime import Runtime


class TestLeads:
    def test_stand_beside_the_variant_that_counts_them(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        early = timezone.now() - timedelta(minutes=1)
        LeadFactory.create(
            agent=agent, visitor_id="visitor", email="early@example.com", created_at=early
        )
        answer = runtime.resolve("visitor")
        runtime.leave("visitor", "none@example.com")
        runtime.leave("visitor", "in@example.com", conversation_id=answer["conversation_id"])
        outside = ConversationFactory.create(agent=agent, visitor_id="visitor")
        runtime.leave("visitor", "outside@example.com", conversation_id=str(outside.pk))
        counted = ["in@example.com", "none@example.com"]
        rows = editor.get(leads_of(agent)).context["rows"]

        assert [row.lead.email for row in rows if row.variants] == counted
        assert {arm.name for row in rows for arm in row.variants} == {answer.variant}
        for variant in experiment.variants.all():
            found = [row.email for row in listed(editor, leads_of(agent), variant=variant.pk)]
            assert found == (counted if variant.name == answer.variant else [])
        found = [row.email for row in listed(editor, leads_of(agent), experiment=experiment.pk)]
        assert found == counted

    def test_narrow_by_status_and_address(self, editor: Client, agent: Agent) -> None:
        won = LeadFactory.create(agent=agent, email="Ann@example.com", status="won")
        LeadFactory.create(agent=agent, visitor_id="known")

        assert listed(editor, leads_of(agent), status="won") == [won]
        assert listed(editor, leads_of(agent), search="ANN@example.com") == [won]
        assert len(listed(editor, leads_of(agent), search="kno")) == 1
        assert editor.get(leads_of(agent), {"status": "x"}).status_code == 400
