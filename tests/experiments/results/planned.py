"""A planned experiment, whose time passes by moving what happened back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import F

from agents.models import Agent, Conversation, Lead, Message
from experiments import lifecycle
from experiments.models import Assignment, Experiment, VariantTotals
from experiments.plans.frozen import FrozenPlan, as_json, plan_of_start
from experiments.results.rollup import bring_up_to_date
from tests.factories import ExperimentFactory
from tests.visits import arrive

PLANNED: dict[str, Any] = {
    "design": "planned",
    "planned_lift": 0.4,
    "most_looks": 12,
    "expected_value": 0.3,
    "expected_weekly": 200,
}
"""Some 250 visitors a variant, of whom 100 come a week: looks after 2, 3 and 4 weeks."""


def start_planned(agent: Agent, **sent: Any) -> Experiment:
    experiment = ExperimentFactory.create(agent=agent, **{**PLANNED, **sent})
    return lifecycle.start(experiment, by=None)


def plan_now(experiment: Experiment) -> FrozenPlan:
    experiment.refresh_from_db()
    plan = plan_of_start(experiment)
    assert plan is not None
    return plan


def weeks_pass(experiment: Experiment, weeks: float) -> None:
    """All that there is of the agent happened so much earlier."""
    assert bring_up_to_date(experiment.agent_id)
    back = timedelta(weeks=weeks)
    agent = {"agent": experiment.agent_id}
    plan = plan_now(experiment)
    Experiment.objects.filter(pk=experiment.pk).update(
        started_at=F("started_at") - back,
        stopped_at=F("stopped_at") - back,
        next_look_at=F("next_look_at") - back,
        plan=as_json(replace(plan, started_at=plan.started_at - back)),
    )
    experiment.looks.update(due_at=F("due_at") - back, taken_at=F("taken_at") - back)
    Assignment.objects.filter(**agent).update(assigned_at=F("assigned_at") - back)
    Conversation.objects.filter(**agent).update(
        started_at=F("started_at") - back, decided_at=F("decided_at") - back
    )
    Message.objects.filter(**agent).update(
        sent_at=F("sent_at") - back, received_at=F("received_at") - back
    )
    Lead.objects.filter(**agent).update(created_at=F("created_at") - back)
    VariantTotals.objects.filter(**agent).update(
        assigned_from=F("assigned_from") - back, last_assigned_at=F("last_assigned_at") - back
    )
    experiment.refresh_from_db()


def week_of(experiment: Experiment, *counts: tuple[int, int]) -> None:
    """A week passes, in whose beginning so many visitors came to each variant, and of whom so many
    left a lead."""
    at = plan_now(experiment).started_at
    if (latest := experiment.assignments.order_by("-assigned_at").first()) is not None:
        at = latest.assigned_at + timedelta(weeks=1)
    arrive(experiment, counts, at=at)
    weeks_pass(experiment, 1)
