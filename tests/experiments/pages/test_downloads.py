"""Files on the pages: what they hold, as programs and as spreadsheets read it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Message
from experiments import lifecycle
from experiments.models import Experiment
from experiments.visitors import tables
from tests.factories import (
    PASSWORD,
    ConversationFactory,
    ExperimentFactory,
    LeadFactory,
    MessageFactory,
)
from tests.glozr.outputs.reading import csv_rows, records, workbook_rows
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)
TELLING = ["12e45", "+4915112345678", "'+4915112345678", "0049151", "NA", "None", "=1+1", "1.0"]


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    """Its arms are called as what programs take for nothing."""
    variants: list[dict[str, Any]] = [
        {"name": name, "weight": 1, "config": {}} for name in ("NA", "None")
    ]
    experiment = ExperimentFactory.create(agent=agent, name="NULL", kind="cta", variants=variants)
    return lifecycle.start(experiment, by=None)


def content(client: Client, name: str, *ids: object, **query: str) -> bytes:
    answer = client.get(reverse(name, args=ids), query)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    return b"".join(answer)


def csv_of(client: Client, name: str, *ids: object, **query: str) -> list[dict[str, str]]:
    return csv_rows(content(client, name, *ids, "csv", **query).decode())


def sheet_of(
    client: Client, name: str, *ids: object, sheet: str, **query: str
) -> list[dict[str, Any]]:
    return records(workbook_rows(content(client, name, *ids, "xlsx", **query))[sheet])


class TestLeads:
    def test_come_back_as_they_were(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        by_visitor = {}
        for number, each in enumerate(TELLING):
            by_visitor[each] = runtime.resolve(each)["variant"]
            runtime.leave(each, f"{number}@example.com", name=each, phone=each, company=each)
        given = [(each,) * 4 for each in TELLING]

        rows = csv_of(editor, "lead_file", agent.pk)
        names = ("visitor_id", "name", "phone", "company")
        assert [tuple(row[name] for name in names) for row in reversed(rows)] == given
        for row in rows:
            arm = by_visitor[row["visitor_id"]]
            assert (row["variant_id"], row["variant"]) == (arm["id"], arm["name"])
            assert row["experiment"] == "NULL"
            assert row["created_at"].endswith("Z")

        sheet = sheet_of(editor, "lead_file", agent.pk, sheet="Leads")
        titles = ("Visitor", "Name", "Phone", "Company")
        assert [tuple(row[title] for title in titles) for row in reversed(sheet)] == given
        assert {row["Variant"] for row in sheet} == {arm["name"] for arm in by_visitor.values()}
        assert all(isinstance(row["Left at"], datetime) for row in sheet)

    def test_one_without_a_variant_has_none(self, editor: Client, agent: Agent) -> None:
        LeadFactory.create(agent=agent)
        (row,) = csv_of(editor, "lead_file", agent.pk)
        assert (row["variant_id"], row["variant"]) == ("", "")
        (cells,) = sheet_of(editor, "lead_file", agent.pk, sheet="Leads")
        assert cells["Variant"] is None

    def test_narrow_as_the_page_and_go_on_after_a_batch(
        self, editor: Client, agent: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tables, "LEADS_AT_ONCE", 3)
        LeadFactory.create_batch(8, agent=agent, status="won", created_at=NOON)
        LeadFactory.create(agent=agent)
        assert len(csv_of(editor, "lead_file", agent.pk, status="won")) == 8
        assert len(csv_of(editor, "lead_file", agent.pk, until="2025-11-24")) == 8
        assert len(sheet_of(editor, "lead_file", agent.pk, sheet="Leads")) == 9

    def test_a_filter_that_can_t_be_read_is_told_on_the_page(
        self, editor: Client, agent: Agent
    ) -> None:
        for name in ("lead_file", "conversation_file", "message_file"):
            answer = editor.get(reverse(name, args=[agent.pk, "csv"]), {"since": "x"})
            assert answer.status_code == 400
            assert "a filter can&#x27;t be read" in answer.text or "can't be read" in answer.text

    def test_times_are_those_of_the_workspace_for_people(
        self, editor: Client, agent: Agent
    ) -> None:
        agent.workspace.time_zone = "Pacific/Auckland"
        agent.workspace.save()
        LeadFactory.create(agent=agent, created_at=NOON)
        (cells,) = sheet_of(editor, "lead_file", agent.pk, sheet="Leads")
        assert cells["Left at"] == NOON + timedelta(hours=13)
        (row,) = csv_of(editor, "lead_file", agent.pk)
        assert row["created_at"] == "2025-11-24T12:00:00.000000Z"


class TestConversations:
    def test_transcripts_are_whole_and_in_order(
        self, editor: Client, agent: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Long ones and short ones, over several batches of both."""
        monkeypatch.setattr(tables, "TRANSCRIPTS_AT_ONCE", 2)
        monkeypatch.setattr(tables, "MESSAGES_AT_ONCE", 3)
        monkeypatch.setattr("experiments.visitors.activity.MESSAGES_PER_PAGE", 2)
        lengths = [0, 1, 3, 4, 11, 2]
        for place, length in enumerate(lengths):
            conversation = ConversationFactory.create(
                agent=agent, visitor_id=f"v{place}", started_at=NOON - timedelta(hours=place)
            )
            Message.objects.bulk_create(
                Message(
                    agent=agent,
                    conversation=conversation,
                    role="visitor",
                    content=f"{n}",
                    sent_at=NOON,
                    received_at=NOON + timedelta(seconds=n),
                )
                for n in range(length)
            )
        expected = [
            (f"v{place}", f"{n}") for place, length in enumerate(lengths) for n in range(length)
        ]
        rows = csv_of(editor, "message_file", agent.pk)
        assert [(row["visitor_id"], row["content"]) for row in rows] == expected
        sheet = sheet_of(editor, "conversation_file", agent.pk, sheet="Messages")
        assert [(row["Visitor"], row["Words"]) for row in sheet] == expected
        sheet = sheet_of(editor, "conversation_file", agent.pk, sheet="Conversations")
        assert [row["Messages"] for row in sheet] == [float(length) for length in lengths]

    def test_words_come_back_as_they_were(self, editor: Client, agent: Agent) -> None:
        words = ["=1+1", "<r>A</r>", "a\r\nb", "😀" * 10_000, '"', "_x0041_", "\x0b", " x "]
        conversation = ConversationFactory.create(agent=agent)
        for place, each in enumerate(words):
            MessageFactory.create(
                conversation=conversation, content=each, sent_at=NOON + timedelta(seconds=place)
            )
        assert [row["content"] for row in csv_of(editor, "message_file", agent.pk)] == words
        sheet = sheet_of(editor, "message_file", agent.pk, sheet="Messages")
        assert [row["Words"] for row in sheet] == [each.replace("\r\n", "\n") for each in words]

    def test_try_outs_are_there_on_demand(self, editor: Client, agent: Agent) -> None:
        ConversationFactory.create(agent=agent, playground=True)
        assert csv_of(editor, "conversation_file", agent.pk) == []
        (row,) = csv_of(editor, "conversation_file", agent.pk, playground="on")
        assert row["playground"] == "true"


class TestExperiments:
    def test_visitors_stand_beside_the_ids_of_their_arms(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        arms = {each: runtime.resolve(each)["variant"] for each in TELLING}
        expected = sorted((each, arm["id"], arm["name"]) for each, arm in arms.items())
        ids = (agent.pk, experiment.pk)
        rows = csv_of(editor, "assignment_file", *ids)
        names = ("visitor_id", "variant_id", "variant")
        assert sorted(tuple(row[name] for name in names) for row in rows) == expected
        sheet = sheet_of(editor, "assignment_file", *ids, sheet="Visitors")
        titles = ("Visitor", "Variant's id", "Variant")
        assert sorted(tuple(row[title] for title in titles) for row in sheet) == expected

    def test_figures_by_day(
        self, editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
    ) -> None:
        runtime.resolve("ada")
        rows = csv_of(editor, "result_file", agent.pk, experiment.pk)
        sheet = sheet_of(editor, "result_file", agent.pk, experiment.pk, sheet="Results by day")
        assert len(rows) == len(sheet) > 0
        assert {row["variant"] for row in rows} == {"NA", "None"}
        assert all(isinstance(row["Day"], datetime) for row in sheet)
        assert sum(row["Visitors so far"] for row in sheet[:12:6]) == 1.0

    def test_history(self, editor: Client, agent: Agent, experiment: Experiment) -> None:
        rows = csv_of(editor, "experiment_history_file", agent.pk, experiment.pk)
        assert [row["action"] for row in rows] == ["started", "created"]
        ids = (agent.pk, experiment.pk)
        sheet = sheet_of(editor, "experiment_history_file", *ids, sheet="History")
        assert [row["In words"] for row in sheet] == ["started it", "created it"]

    def test_all_figures_are_a_page_away(
        self, editor: Client, agent: Agent, experiment: Experiment
    ) -> None:
        answer = editor.get(reverse("figures", args=[agent.pk, experiment.pk]), {"lift": "0.3"})
        body = json.loads(editor.get(answer["Location"]).content)
        assert body["planned_lift"] == 0.3


@pytest.mark.parametrize("name", ["lead_file", "conversation_file", "agent_history_file"])
def test_signed_out_one_is_led_to_sign_in_and_back_to_the_file(
    client: Client, cast: Cast, name: str
) -> None:
    address = f"{reverse(name, args=[cast.agent.pk, 'xlsx'])}?search=a&since=2025-11-24"
    led = client.get(address)
    assert led.status_code == 302
    assert led["Location"].startswith(reverse("account_login"))
    sent = {"login": cast.editor.email, "password": PASSWORD}
    back = client.post(led["Location"], sent)
    assert (back.status_code, back["Location"]) == (302, address)
    assert client.get(back["Location"])["Content-Type"].endswith("spreadsheetml.sheet")


def test_pages_offer_the_files_as_they_are_narrowed(
    editor: Client, agent: Agent, experiment: Experiment, runtime: Runtime
) -> None:
    runtime.resolve("ada")
    runtime.leave("ada", "ada@example.com")
    query = f"?experiment={experiment.pk}&search=ad"
    offers = {
        reverse("lead_list", args=[agent.pk]): ["lead_file"],
        reverse("conversation_list", args=[agent.pk]): ["conversation_file"],
    }
    for page, names in offers.items():
        shown = editor.get(page + query).text.replace("&amp;", "&")
        for name in names:
            for kind in ("csv", "xlsx"):
                assert f'href="{reverse(name, args=[agent.pk, kind])}{query}"' in shown
    shown = editor.get(experiment.get_absolute_url()).text
    for name in ("assignment_file", "result_file"):
        assert reverse(name, args=[agent.pk, experiment.pk, "xlsx"]) in shown
