"""What the demo has behind it when it is made."""

from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from agents.agents.dependents import source_of_persona
from agents.models import Agent, Lead, LeadStatus, Message
from experiments.demo import seeding
from experiments.demo.story import trades
from experiments.demo.story.dialogues import dialogues_of
from experiments.learning.planning import Asked, plan_of
from experiments.models import (
    Assignment,
    Conclusion,
    Experiment,
    Kind,
    Notice,
    NoticeKind,
    Outcome,
    Status,
)
from experiments.results.report import results_of
from experiments.results.verdicts import VerdictKind

TRADES = ("travel", "dental", "bikes", "ledger")


def agent_of(trade: trades.Trade) -> Agent:
    return Agent.objects.select_related("workspace").get(name=trade.name)


def named(sent: object) -> Experiment:
    assert isinstance(sent, dict)
    return Experiment.objects.select_related("agent__workspace").get(name=sent["name"])


def test_fifty_dialogues_in_voices_that_can_be_told_apart() -> None:
    scripts = [script for trade in TRADES for script in dialogues_of(trade)]
    assert len(scripts) == 50
    assert len({script[0].asked for script in scripts}) == 50
    for trade in TRADES[:3]:
        for script in dialogues_of(trade):
            for turn in script:
                assert len(turn.answers) == 2
                assert len(set(turn.answers.values())) == 2
    assert any(turn.taken_over for script in scripts for turn in script)


@pytest.mark.django_db
def test_it_reads_as_a_workspace_that_has_been_used_for_ten_weeks() -> None:
    began = timezone.now()
    demo = seeding.seed(with_story=True)
    assert (timezone.now() - began).total_seconds() < 90, "Some 8 s where nothing else runs."
    assert {agent.name for agent in demo.workspace.agents.all()} == {
        trade.name for trade in (trades.TRAVEL, trades.DENTAL, trades.BIKES, trades.LEDGER)
    }
    assert demo.agent.name == trades.TRAVEL.name
    _check_experiments()
    _check_people(demo)
    for experiment in Experiment.objects.exclude(status=Status.DRAFT):
        said = StringIO()
        call_command("verify_results", str(experiment.pk), stdout=said)
        assert "every figure equals the raw rows" in said.getvalue()
    counted = Message.objects.count()
    assert seeding.seed(with_story=True).as_json() == demo.as_json()
    assert Message.objects.count() == counted


def _check_experiments() -> None:
    asking = named(trades.ASK_BACK)
    results = results_of(asking)
    assert [row.variant.sums.converted for row in results.metrics[0].rows] == [93, 152]
    assert (results.headline.kind, results.timing.is_final) == (VerdictKind.DECIDED, True)
    source = source_of_persona(agent_of(trades.BIKES))
    assert source is not None
    assert source.words == "Lena of Ask back before recommending"
    nothing = Conclusion.objects.get(outcome=Outcome.NO_DIFFERENCE)
    assert "Next time" in nothing.learned

    planned = named(trades.GENTLE)
    assert planned.is_running
    assert [look.missed for look in planned.looks.all()] == ["", ""]
    assert planned.next_look_at is not None
    local = planned.next_look_at.astimezone(ZoneInfo(planned.agent.workspace.time_zone))
    assert (local.weekday(), local.hour) == (0, 9)
    assert timezone.now() < planned.next_look_at
    assert results_of(planned).headline.kind == VerdictKind.BETWEEN

    watched = named(trades.ARIA_OR_MAX)
    assert (watched.is_running, watched.is_planned) == (True, False)
    assert results_of(watched).headline.kind == VerdictKind.OPEN
    alarmed = named(trades.CHECK_UP)
    assert alarmed.is_running
    assert results_of(alarmed).sample_ratio.is_alarm
    assert alarmed.notices.filter(kind=NoticeKind.SPLIT_ALARM).exists()

    scheduled = named(trades.GREET_EARLY)
    assert (scheduled.is_draft, scheduled.kind) == (True, Kind.TRIGGER)
    assert scheduled.starts_at is not None
    assert scheduled.starts_at > timezone.now()
    warned = plan_of(agent_of(trades.LEDGER), Asked())
    assert "will not show in 8 weeks: test something bolder" in warned.words


def _check_people(demo: seeding.Demo) -> None:
    assert set(Lead.objects.values_list("status", flat=True)) == set(LeadStatus.values)
    assert not Message.objects.filter(sent_at__gt=timezone.now()).exists()
    assert not Assignment.objects.filter(counted=False).exists()
    assert not Notice.objects.filter(passed_on_at=None).exists(), "Nobody is mailed of it."
    for agent in demo.workspace.agents.all():
        assert agent.conversations.exists()
