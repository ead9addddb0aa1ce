"""Experiments found over HTTP."""

from typing import Any

import pytest

from agents.models import Agent
from experiments import lifecycle
from tests.experiments.api.caller import Api
from tests.factories import ExperimentFactory, unused_id

pytestmark = pytest.mark.django_db


class TestList:
    def test_pages_by_cursor_the_newest_first(self, api: Api, agent: Agent) -> None:
        made = [str(ExperimentFactory.create(agent=agent).pk) for _ in range(7)]
        found, path = [], "?page_size=3"
        while path:
            page = api.call("GET", path)
            found += [one["id"] for one in page["results"]]
            path = page["next"]
        assert found == made[::-1]

    def test_filters_by_status_and_name(self, api: Api, agent: Agent) -> None:
        ExperimentFactory.create(agent=agent, name="Aria or Max")
        running = lifecycle.start(ExperimentFactory.create(agent=agent, name="Offer"), by=None)
        names = [one["name"] for one in api.call("GET", "?search=aria")["results"]]
        assert names == ["Aria or Max"]
        (found,) = api.call("GET", "?status=running")["results"]
        assert (found["id"], found["is_active"]) == (str(running.pk), True)

    @pytest.mark.parametrize("query", ["?status=nonsense", "?search=%00", "?cursor=nonsense"])
    def test_bad_queries_are_no_failures(self, api: Api, query: str) -> None:
        assert api.call("GET", query).status in {200, 400, 404}

    def test_takes_as_many_queries_for_many_as_for_one(
        self, api: Api, agent: Agent, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(30):
            ExperimentFactory.create(agent=agent)
        with django_assert_max_num_queries(8):
            assert len(api.call("GET")["results"]) == 25


def test_an_unknown_experiment_is_not_found(api: Api) -> None:
    assert api.call("GET", f"{unused_id()}/").status == 404
