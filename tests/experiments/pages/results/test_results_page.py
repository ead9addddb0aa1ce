"""The results on an experiment's page, for every shape of data."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle, limits
from experiments.lifecycle import OnConflict
from experiments.models import Experiment
from experiments.pages.results import context as results_context
from experiments.results.figures import DASH
from experiments.results.rollup import Counted
from tests.factories import ExperimentFactory, unused_id
from tests.roles import Cast
from tests.runtime import Runtime
from tests.visits import arrive

pytestmark = pytest.mark.django_db

LATELY = datetime.now(UTC) - timedelta(hours=3)
NOT_FOR_PEOPLE = re.compile(r"\b(nan|inf|infinity|none|null)\b", re.IGNORECASE)
VERDICT_WORDS = re.compile(r"\b(winner|wins|better|worse|loser)\b", re.IGNORECASE)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


@pytest.fixture
def reader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.editor)
    return client


def shown(reader: Client, experiment: Experiment, query: str = "") -> str:
    """The results on the page, which are the same as what replaces them."""
    response = reader.get(experiment.get_absolute_url() + query)
    assert response.status_code == HTTPStatus.OK
    page = response.content.decode()
    results = page[page.index('id="results"') : page.index("results-help")]
    assert not NOT_FOR_PEOPLE.search(re.sub("<[^>]*>", " ", results))
    assert not NOT_FOR_PEOPLE.search(" ".join(re.findall(r'\b(?:d|x1|x2|cx|y)="([^"]*)"', results)))
    return results


def words(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def row(html: str, metric: str, variant: str) -> str:
    """The words of a variant's line in the table of a metric, without its letter."""
    card = html[html.index(f'id="{metric}-rows"') :]
    table = card[card.index("<tbody>") : card.index("</tbody>")]
    (found,) = [words(line) for line in table.split("<tr>") if f"{variant}</span>" in line]
    return found.partition(" ")[2]


def section(reader: Client, experiment: Experiment, name: str) -> str:
    """What a section holds when it is opened."""
    where = [experiment.agent_id, experiment.pk, name]
    url = reverse("experiment_results_section", args=where)
    response = reader.get(url, headers={"HX-Request": "true"})
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def needed(html: str) -> int:
    """The visitors that the lead capture rate needs."""
    progress = words(html[html.index("progress-rows") :])
    found = re.search(r"Lead capture rate ([\d,]+)", progress)
    assert found
    return int(found[1].replace(",", ""))


class TestEveryShapeOfData:
    def test_no_visitors(self, reader: Client, experiment: Experiment) -> None:
        assert "No visitors yet" in shown(reader, experiment)

    def test_a_draft(self, reader: Client, agent: Agent) -> None:
        page = shown(reader, ExperimentFactory.create(agent=agent))
        assert "from the moment this experiment starts" in page
        assert "every 10s" not in page

    def test_nobody_came_before_a_later_one_took_over(
        self, reader: Client, experiment: Experiment
    ) -> None:
        later = ExperimentFactory.create(agent=experiment.agent)
        lifecycle.start(later, by=None, on_conflict=OnConflict.KEEP_RUNNING)
        page = words(shown(reader, experiment))
        assert "New visitors go to the experiment that was started later" in page
        assert "assigned at the first message" not in page
        assert "assigned at the first message" in words(shown(reader, later))

    def test_nobody_came_before_it_was_stopped(
        self, reader: Client, experiment: Experiment
    ) -> None:
        lifecycle.stop(experiment, by=None)
        page = words(shown(reader, experiment))
        assert "No visitors It was stopped before anybody came" in page
        assert "Figures appear here" not in page

    def test_nobody_may_have_come_while_it_is_not_known(
        self, reader: Client, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(results_context, "count_what_waits", lambda _: Counted(False, None))
        assert "Who came is still being counted." in words(shown(reader, experiment))
        lifecycle.stop(experiment, by=None)
        page = words(shown(reader, experiment))
        assert "still being counted. Open the page again in a moment." in page
        assert "before anybody came" not in page

    def test_one_visitor(self, reader: Client, experiment: Experiment, runtime: Runtime) -> None:
        runtime.say("ada", unused_id())
        page = words(shown(reader, experiment))
        assert "Too early to compare" in page
        assert "1 so far" in page

    def test_a_variant_with_none(self, reader: Client, experiment: Experiment) -> None:
        arrive(experiment, [(20, 3), (0, 0)], at=LATELY)
        page = shown(reader, experiment)
        assert (
            row(page, "lead_capture_rate", "treatment")
            == f"treatment 0 {DASH} too few visitors yet"
        )

    def test_all_convert(self, reader: Client, experiment: Experiment) -> None:
        arrive(experiment, [(120, 120), (130, 130)], at=LATELY)
        line = row(shown(reader, experiment), "lead_capture_rate", "treatment")
        assert line.startswith("treatment 130 100.0% 0.0% ")

    def test_none_convert(self, reader: Client, experiment: Experiment) -> None:
        arrive(experiment, [(120, 0), (130, 0)], at=LATELY)
        page = shown(reader, experiment)
        assert "the control is at zero" in row(page, "lead_capture_rate", "treatment")
        assert not VERDICT_WORDS.search(words(page))

    def test_nothing_varies(self, reader: Client, experiment: Experiment) -> None:
        arrive(experiment, [(120, 9), (130, 9)], at=LATELY, messages=1)
        page = shown(reader, experiment)
        assert "nothing varies yet" in row(page, "messages_per_visitor", "treatment")
        assert row(page, "session_length", "control").startswith("control 0.0 s")

    def test_ten_variants(self, reader: Client, agent: Agent) -> None:
        ten = [{"name": f"arm {n}", "weight": 1, "config": {}} for n in range(10)]
        experiment = lifecycle.start(
            ExperimentFactory.create(agent=agent, kind="cta", variants=ten), by=None
        )
        arrive(experiment, [(100, n + 5) for n in range(10)], at=LATELY)
        page = shown(reader, experiment)
        assert page.count('class="chart-interval"') == 3 * 9 - 18  # messages and time don't vary

    def test_weights_of_a_million_to_one(self, reader: Client, agent: Agent) -> None:
        uneven = [
            {"name": "control", "weight": limits.MAX_WEIGHT, "config": {}},
            {"name": "rare", "weight": 1, "config": {}},
        ]
        experiment = lifecycle.start(
            ExperimentFactory.create(agent=agent, kind="cta", variants=uneven), by=None
        )
        arrive(experiment, [(200, 20), (0, 0)], at=LATELY)
        page = words(shown(reader, experiment))
        assert "under 0.1%" in page
        assert "Sample ratio mismatch" not in page


class TestVerdict:
    def test_names_the_better_one_and_how_sure_that_is(
        self, reader: Client, experiment: Experiment
    ) -> None:
        arrive(experiment, [(400, 40), (400, 140)], at=LATELY)
        page = shown(reader, experiment)
        assert "treatment is better than control" in words(page)
        assert "above zero" in row(page, "certainty", "treatment")
        assert "How much longer?" not in page

    def test_is_withheld_while_the_interval_holds_zero(
        self, reader: Client, experiment: Experiment
    ) -> None:
        arrive(experiment, [(300, 40), (300, 42)], at=LATELY)
        page = shown(reader, experiment)
        assert not VERDICT_WORDS.search(words(page))
        assert "holds zero" in row(page, "certainty", "treatment")
        assert "How much longer?" in page

    def test_under_100_visitors_there_are_only_counts(
        self, reader: Client, experiment: Experiment
    ) -> None:
        arrive(experiment, [(99, 1), (300, 250)], at=LATELY, messages=2)
        page = shown(reader, experiment)
        assert not VERDICT_WORDS.search(words(page))
        for metric in ("lead_capture_rate", "messages_per_visitor", "session_length"):
            assert row(page, metric, "treatment").endswith("too few visitors yet")
        assert 'class="chart-interval"' not in page
        assert "<svg" not in section(reader, experiment, "curves")


class TestWarnings:
    def test_an_uneven_split_comes_with_its_likely_causes(
        self, reader: Client, experiment: Experiment
    ) -> None:
        arrive(experiment, [(300, 30), (190, 60)], at=LATELY)
        page = words(shown(reader, experiment))
        assert "cannot be trusted" in page
        assert "Likely causes" in page

    def test_experiments_of_the_same_time_are_named(
        self, reader: Client, experiment: Experiment, cast: Cast
    ) -> None:
        other = ExperimentFactory.create(agent=cast.agent, name="Shorter <i>answers</i>")
        lifecycle.start(other, by=None, on_conflict=OnConflict.KEEP_RUNNING)
        arrive(experiment, [(10, 1), (10, 1)], at=LATELY)
        page = shown(reader, experiment)
        assert "Mixed populations" in page
        assert f'href="{other.get_absolute_url()}">Shorter &lt;i&gt;answers' in page
        lifecycle.delete(other, by=None)
        page = shown(reader, experiment)
        assert "Shorter &lt;i&gt;answers&lt;/i&gt; (deleted)" in page
        assert other.get_absolute_url() not in page


class TestLookingAhead:
    def test_asks_for_the_lift_that_one_chooses(
        self, reader: Client, experiment: Experiment
    ) -> None:
        Experiment.objects.update(started_at=LATELY - timedelta(hours=1))
        arrive(experiment, [(300, 40), (300, 42)], at=LATELY)
        small, large = (shown(reader, experiment, f"?lift={lift}") for lift in ("0.05", "0.5"))
        assert needed(small) > needed(large) > 300
        assert re.search(r"in about [\d,]+ days|within a day", words(small))
        assert '<option value="0.05" selected>' in small
        assert "?lift=0.05" in small

    @pytest.mark.parametrize("lift", ["-1", "nan", "lots", "1e9"])
    def test_refuses_what_is_no_lift(
        self, reader: Client, experiment: Experiment, lift: str
    ) -> None:
        response = reader.get(f"{experiment.get_absolute_url()}?lift={lift}")
        assert response.status_code == HTTPStatus.BAD_REQUEST


class TestRefreshing:
    @pytest.fixture
    def part(self, reader: Client, experiment: Experiment) -> Callable[[], str]:
        """What htmx gets."""
        url = reverse("experiment_results", args=[experiment.agent_id, experiment.pk])
        return lambda: reader.get(url, headers={"HX-Request": "true"}).content.decode()

    def test_goes_on_while_the_experiment_runs(
        self, reader: Client, experiment: Experiment, part: Callable[[], str]
    ) -> None:
        url = reverse("experiment_results", args=[experiment.agent_id, experiment.pk])
        arrive(experiment, [(3, 1), (4, 1)], at=LATELY)
        assert f'hx-get="{url}?lift=0.2" hx-trigger="every 10s' in shown(reader, experiment)
        assert 'hx-trigger="every 10s' in part()
        lifecycle.stop(experiment, by=None)
        assert "every 10s" not in part()

    def test_knows_of_a_later_one_that_took_over(
        self, experiment: Experiment, part: Callable[[], str]
    ) -> None:
        later = ExperimentFactory.create(agent=experiment.agent)
        lifecycle.start(later, by=None, on_conflict=OnConflict.KEEP_RUNNING)
        assert "New visitors go to the experiment that was started later" in part()
        lifecycle.stop(later, by=None)
        assert "A visitor is assigned at the first message" in part()

    def test_brings_the_part_and_not_the_page(
        self, experiment: Experiment, part: Callable[[], str], django_assert_max_num_queries: Any
    ) -> None:
        arrive(experiment, [(3, 1), (4, 1)], at=LATELY)
        with django_assert_max_num_queries(12):
            found = part()
        assert found.count('id="results"') == 1
        assert "<html" not in found

    def test_opened_as_a_page_leads_to_the_page(
        self, reader: Client, experiment: Experiment
    ) -> None:
        url = reverse("experiment_results", args=[experiment.agent_id, experiment.pk])
        response = reader.get(f"{url}?lift=0.1")
        assert response["Location"] == f"{experiment.get_absolute_url()}?lift=0.1#results"
        assert reader.get(response["Location"]).status_code == HTTPStatus.OK

    def test_is_for_members_only(self, client: Client, cast: Cast, experiment: Experiment) -> None:
        url = reverse("experiment_results", args=[experiment.agent_id, experiment.pk])
        assert client.get(url).status_code == HTTPStatus.FOUND
        client.force_login(cast.outsider)
        assert client.get(url).status_code == HTTPStatus.NOT_FOUND
        client.force_login(cast.owner)
        assert client.get(url, headers={"HX-Request": "true"}).status_code == HTTPStatus.OK
        assert client.post(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_days_are_those_of_the_workspace(
    reader: Client, cast: Cast, experiment: Experiment
) -> None:
    cast.workspace.time_zone = "Pacific/Auckland"
    cast.workspace.save()
    arrive(experiment, [(2, 0), (1, 0)], at=datetime(2026, 3, 1, 20, tzinfo=UTC))
    page = words(shown(reader, experiment))
    assert "2 Mar 2026" in page


def test_all_times_are_of_one_clock_that_is_named_once(
    reader: Client, cast: Cast, experiment: Experiment
) -> None:
    cast.workspace.time_zone = "Pacific/Auckland"
    cast.workspace.save()
    arrive(experiment, [(2, 0), (1, 0)], at=LATELY)
    lifecycle.stop(experiment, by=cast.owner)
    page = reader.get(experiment.get_absolute_url()).content.decode()
    assert page.count("Pacific/Auckland") == 1
    assert "data-local" not in page
    assert " UTC" not in words(page)


def test_what_people_named_is_text_in_charts(reader: Client, agent: Agent) -> None:
    named: list[dict[str, Any]] = [
        {"name": n, "weight": 1, "config": {}} for n in ("<b>a</b>", '"><script>x')
    ]
    experiment = lifecycle.start(
        ExperimentFactory.create(agent=agent, kind="cta", variants=named), by=None
    )
    arrive(experiment, [(120, 9), (120, 20)], at=LATELY)
    page = shown(reader, experiment)
    assert "<b>a" not in page
    assert "<script" not in page


def test_takes_few_queries_however_many_visitors_wait_to_be_counted(
    reader: Client, experiment: Experiment, django_assert_max_num_queries: Any
) -> None:
    shown(reader, experiment)
    for count in (5, 300):
        arrive(experiment, [(count, 2), (count, 3)], at=LATELY)
        shown(reader, experiment)
        with django_assert_max_num_queries(12):
            shown(reader, experiment)
