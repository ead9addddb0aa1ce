"""Leads on their page, and how far they have come: who may say so."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Lead
from experiments.models import PendingCount
from tests.experiments.visitors.lists import leads_of, status_of
from tests.factories import LeadFactory
from tests.roles import Cast, signed_in


class TestLeads:
    def test_addresses_are_broken_before_the_at_sign(self, editor: Client, agent: Agent) -> None:
        LeadFactory.create(agent=agent, email="a&b@example.com")

        assert ">a&amp;b<wbr>@example.com</span>" in editor.get(leads_of(agent)).text

    @pytest.mark.parametrize("who", ["owner", "admin"])
    def test_status_is_changed_by_who_may(self, who: str, cast: Cast) -> None:
        lead = LeadFactory.create(agent=cast.agent)
        response = signed_in(getattr(cast, who)).post(
            status_of(cast.agent, lead), {"status": "qualified", "query": "status=new&x=//evil"}
        )

        assert response["Location"] == f"{leads_of(cast.agent)}?status=new&x=%2F%2Fevil"
        assert [str(m) for m in get_messages(response.wsgi_request)]
        assert Lead.objects.get(pk=lead.pk).status == "qualified"

    def test_status_is_changed_in_place(self, admin: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)
        response = admin.post(
            status_of(agent, lead), {"status": "won"}, headers={"hx-request": "true"}
        )

        assert response.status_code == 200
        assert "is now won" in response.text
        assert "<html" not in response.text

    def test_several_are_changed_at_once_and_those_of_others_are_not(
        self, admin: Client, agent: Agent
    ) -> None:
        chosen = [LeadFactory.create(agent=agent) for _ in range(2)]
        other, left = LeadFactory.create(), LeadFactory.create(agent=agent)
        address = reverse("lead_statuses", args=[agent.pk])
        sent = {"lead": [*(one.pk for one in chosen), other.pk, "x"], "status": "won"}
        response = admin.post(address, {**sent, "query": "status=new"})

        assert response["Location"] == f"{leads_of(agent)}?status=new"
        assert [str(one) for one in get_messages(response.wsgi_request)] == ["2 leads saved."]
        won = Lead.objects.filter(status="won").values_list("pk", flat=True)
        assert set(won) == {one.pk for one in chosen}
        assert PendingCount.objects.filter(visitor_id=chosen[0].visitor_id).exists()
        assert admin.post(address, {**sent, "status": "x"}).status_code == 400
        assert Lead.objects.get(pk=left.pk).status == "new"

    def test_editor_looks_only(self, editor: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)

        assert 'method="post"' not in editor.get(leads_of(agent)).text.split("<main", 1)[1]
        assert editor.post(status_of(agent, lead), {"status": "won"}).status_code == 403
        assert Lead.objects.get(pk=lead.pk).status == "new"

    def test_outsider_finds_no_lead(self, cast: Cast) -> None:
        lead = LeadFactory.create(agent=cast.agent)
        client = signed_in(cast.outsider)

        assert client.post(status_of(cast.agent, lead), {"status": "won"}).status_code == 404

    @pytest.mark.parametrize("status", ["", "x", "\0"])
    def test_unknown_status_is_refused(self, status: str, admin: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)

        assert admin.post(status_of(agent, lead), {"status": status}).status_code == 400

    def test_get_changes_nothing(self, admin: Client, agent: Agent) -> None:
        lead = LeadFactory.create(agent=agent)

        assert admin.get(status_of(agent, lead)).status_code == 405
