"""The demo's ten weeks, told in order: each step by its service, moved to when it happened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from agents.agents.editing import create_agent
from agents.models import Agent, User, Workspace, WorkspaceEvent
from experiments import lifecycle
from experiments.demo.story import trades
from experiments.demo.story.crowds import Crowd, Part
from experiments.demo.story.moments import happening, move
from experiments.demo.story.trades import Trade
from experiments.lifecycle import OnConflict, Schedule, editing
from experiments.models import Experiment, Notice, NoticeKind, NoticeSeen, Outcome
from experiments.notices.watching import watch
from experiments.outcomes.conclusions import Decision, conclude
from experiments.plans.frozen import as_json, plan_of_start
from experiments.results.looks.taking import take_due_looks
from experiments.results.rollup import bring_up_to_date
from experiments.runtime.answers import answer_at
from glozr.outputs.instants import written
from glozr.postgres.clock import database_time
from glozr.zones import zone

A_DAY, A_WEEK = timedelta(days=1), timedelta(weeks=1)
BEGAN = 10 * A_WEEK
SECONDS_TO_COUNT = 60.0
LOOKS_BEHIND = 2
OLD_NEWS = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Story:
    """Whose it is; `now` is one moment throughout."""

    workspace: Workspace
    owner: User
    admin: User
    now: datetime

    def ago(self, days: float) -> datetime:
        return self.now - days * A_DAY


def tell_story(workspace: Workspace, owner: User, admin: User) -> Agent:
    """Make the agents with all that is behind them; the one that visitors go on coming to."""
    story = Story(workspace, owner, admin, database_time())
    WorkspaceEvent.objects.filter(workspace=workspace).update(created_at=story.now - BEGAN)
    travel = _agent(story, trades.TRAVEL)
    _dental(story, _agent(story, trades.DENTAL))
    _bikes(story, _agent(story, trades.BIKES))
    _ledger(story, _agent(story, trades.LEDGER))
    _travel(story, travel)
    _news(story)
    return travel


def _agent(story: Story, trade: Trade) -> Agent:
    with happening(story.workspace, story.now - BEGAN):
        return create_agent(
            workspace=story.workspace,
            name=trade.name,
            persona=trade.persona,
            system_prompt=trade.prompt,
            by=story.owner,
        )


def _travel(story: Story, agent: Agent) -> None:
    """An offer that did nothing, a persona that is being watched, a greeting that is scheduled."""
    offer = _made(story, agent, trades.WELCOME_OFFER, days_ago=43)
    _started(story, offer, days_ago=42)
    _come(story, offer, "travel", [(905, 145), (890, 148)], until=story.ago(21))
    _stopped(story, offer, days_ago=21)
    _concluded(
        story,
        offer,
        Decision(
            Outcome.NO_DIFFERENCE,
            learned="A discount in the first reply is read as an advertisement and skipped: "
            "transcripts show that hardly anybody asks about it. Next time offer something that "
            "answers the question, such as an itinerary, and not before the second message.",
        ),
        days_ago=20,
    )
    persona = _made(story, agent, trades.ARIA_OR_MAX, days_ago=20)
    _started(story, persona, days_ago=19)
    _come(story, persona, "travel", [(1510, 242), (1478, 286)], asks_more=(0.15, 0.35))
    greeting = _made(story, agent, trades.GREET_EARLY, days_ago=3)
    with happening(story.workspace, story.ago(2)):
        lifecycle.set_schedule(
            greeting,
            Schedule(starts_at=_next_monday(story), on_conflict=OnConflict.STOP_CURRENT),
            by=story.admin,
        )


def _dental(story: Story, agent: Agent) -> None:
    """A planned experiment with two looks behind it and the next on Monday."""
    experiment = _made(story, agent, trades.GENTLE, days_ago=33)
    began = database_time()
    experiment = lifecycle.start(experiment, by=story.owner)
    plan = plan_of_start(experiment)
    assert plan is not None
    started_at = _next_monday(story) - plan.look_weeks[LOOKS_BEHIND] * A_WEEK
    move(story.workspace, began, started_at)
    plan = replace(plan, started_at=started_at)
    Experiment.objects.filter(pk=experiment.pk).update(
        plan=as_json(plan), next_look_at=plan.due_at(1)
    )
    experiment.refresh_from_db()
    each = round(plan.weekly * ((story.now - started_at) / A_WEEK) / 2)
    _come(story, experiment, "dental", [(each, round(each * 0.25)), (each, round(each * 0.32))])
    take_due_looks()
    for look in experiment.looks.all():
        look.taken_at = look.due_at
        look.save(update_fields=["taken_at"])


def _bikes(story: Story, agent: Agent) -> None:
    """A winner in use, and an experiment whose visitors are not split as they should be."""
    asking = _made(story, agent, trades.ASK_BACK, days_ago=58)
    _started(story, asking, days_ago=56)
    _come(story, asking, "bikes", [(930, 93), (955, 152)], until=story.ago(24))
    _stopped(story, asking, days_ago=24)
    lena = asking.variants.get(position=1)
    _concluded(
        story,
        asking,
        Decision(
            Outcome.WON,
            lena.pk,
            learned="Whoever is asked back stays: those who were asked how steep the way is, or "
            "how old the children are, wrote half as much again, and came for a test ride. Being "
            "brief is no service when somebody spends 2,000 francs.",
            put_into_use=True,
        ),
        days_ago=23,
    )
    nobody = Part(None, 260, 29, "Lena")
    Crowd(agent, "bikes", None, [nobody], story.ago(22.5), story.ago(9.2), revision=2).come()
    offer = _made(story, agent, trades.CHECK_UP, days_ago=10)
    _started(story, offer, days_ago=9)
    _come(story, offer, "bikes", [(398, 44), (251, 31)], revision=2)


def _ledger(story: Story, agent: Agent) -> None:
    """Too few visitors for what would be asked: the plan says so before anything starts."""
    alone = Part(None, 760, 92, "Theo")
    Crowd(agent, "ledger", None, [alone], story.ago(56), story.now).come()
    _made(story, agent, trades.EXPLAIN, days_ago=6)
    _made(story, agent, trades.LEAVING, days_ago=5)


def _made(story: Story, agent: Agent, sent: Any, *, days_ago: float) -> Experiment:
    with happening(story.workspace, story.ago(days_ago)):
        return editing.create(agent=agent, sent=sent, by=story.admin)


def _started(story: Story, experiment: Experiment, *, days_ago: float) -> None:
    with happening(story.workspace, story.ago(days_ago)):
        lifecycle.start(experiment, by=story.admin)
    experiment.refresh_from_db()
    plan = plan_of_start(experiment)
    if plan is not None and experiment.started_at is not None:
        experiment.plan = as_json(replace(plan, started_at=experiment.started_at))
        experiment.save(update_fields=["plan"])


def _stopped(story: Story, experiment: Experiment, *, days_ago: float) -> None:
    with happening(story.workspace, story.ago(days_ago)):
        lifecycle.stop(experiment, by=story.admin)


def _concluded(
    story: Story, experiment: Experiment, decision: Decision, *, days_ago: float
) -> None:
    moment = story.ago(days_ago)
    with happening(story.workspace, moment):
        conclusion = conclude(experiment, decision, by=story.owner)
        conclusion.figures["as_of"] = written(moment)
        conclusion.save(update_fields=["figures"])


def _come(
    story: Story,
    experiment: Experiment,
    trade: str,
    counts: Sequence[tuple[int, int]],
    *,
    until: datetime | None = None,
    revision: int = 1,
    asks_more: Sequence[float] = (0.15, 0.15),
) -> None:
    """Visitors of each variant, of whom so many leave their details, until the end or now."""
    agent = Agent.objects.get(pk=experiment.agent_id)
    variants = experiment.variants.all()
    for variant in variants:  # as a first call would have it noted
        answer_at(agent.pk, agent.config_version, revision, variant.pk)
    parts = [
        Part(variant, *count, _voice(variant.config, agent), more)
        for variant, count, more in zip(variants, counts, asks_more, strict=True)
    ]
    assert experiment.started_at is not None
    end = until or story.now
    Crowd(agent, trade, experiment, parts, experiment.started_at, end, revision).come()
    bring_up_to_date(agent.pk, seconds=SECONDS_TO_COUNT)


def _voice(config: Any, agent: Agent) -> str:
    own: str = agent.persona["name"]
    return str(config.get("persona", {}).get("name", own))


def _news(story: Story) -> None:
    """What people were told of it, most of which they have seen."""
    began = database_time()
    watch()
    told = Notice.objects.filter(workspace=story.workspace, created_at__gte=began)
    told.update(created_at=story.ago(1), passed_on_at=story.now)
    looks = Notice.objects.filter(workspace=story.workspace, kind=NoticeKind.LOOK_DUE)
    for notice in looks.select_related("experiment"):
        look = notice.experiment.looks.get(number=notice.key)
        Notice.objects.filter(pk=notice.pk).update(created_at=look.due_at)
    old = Notice.objects.filter(workspace=story.workspace, created_at__lt=story.now - OLD_NEWS)
    NoticeSeen.objects.bulk_create(
        NoticeSeen(notice=notice, user=user)
        for notice in old
        for user in (membership.user for membership in story.workspace.memberships.all())
    )


def _next_monday(story: Story) -> datetime:
    """The first at nine o'clock that is still to come, on the workspace's clock."""
    here = story.now.astimezone(zone(story.workspace.time_zone))
    monday = (here - here.weekday() * A_DAY).replace(hour=9, minute=0, second=0, microsecond=0)
    return monday if monday > here + timedelta(hours=1) else monday + A_WEEK
