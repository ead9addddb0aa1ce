"""The page of links that show a chosen variant."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from experiments.models import Experiment
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    return ExperimentFactory.create(agent=cast.agent)


def url_of(experiment: Experiment) -> str:
    return reverse("preview_links", args=[experiment.agent_id, experiment.pk])


def links_on(page: str) -> list[str]:
    return [
        html.unescape(link) for link in re.findall(r'value="([^"]*\?[^"]*preview=[^"]*)"', page)
    ]


def test_an_editor_takes_a_link_that_works_and_can_revoke_none(
    cast: Cast, experiment: Experiment, runtime: Runtime, client: Client
) -> None:
    client.force_login(cast.editor)
    page = client.get(url_of(experiment), {"site": "https://shop.example/trips?lang=en#chat"})
    links = links_on(page.content.decode())
    assert len(links) == 2
    assert links[1].startswith("https://shop.example/trips?lang=en&preview=")
    assert links[1].endswith("#chat")
    code = links[1].partition("preview=")[2].removesuffix("#chat")
    assert runtime.resolve("ada", preview=code).variant == "treatment"
    assert "Revoke" not in page.content.decode()
    assert client.post(url_of(experiment)).status_code == 403


def test_revoking_ends_the_links_and_shows_new_ones(
    cast: Cast, experiment: Experiment, runtime: Runtime, client: Client
) -> None:
    client.force_login(cast.admin)
    old = links_on(client.get(url_of(experiment)).content.decode())[0].partition("=")[2]
    shown = client.post(url_of(experiment), follow=True).content.decode()
    new = links_on(shown)[0].partition("=")[2]
    answers = [
        runtime.post("assignments/", {"visitor_id": "ada", "preview": c}) for c in (old, new)
    ]
    assert [answer.status for answer in answers] == [403, 200]


@pytest.mark.parametrize(
    "site", ["javascript:alert(1)", "shop.example", "//shop.example", "http://["]
)
def test_what_is_no_address_goes_into_no_link(
    cast: Cast, experiment: Experiment, client: Client, site: str
) -> None:
    client.force_login(cast.owner)
    page = client.get(url_of(experiment), {"site": site}).content.decode()
    assert "Type the whole address" in page
    assert all(link.startswith("?preview=") for link in links_on(page))
