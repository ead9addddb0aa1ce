"""What has just been done is moved to when the story says that it happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from agents.models import Agent, AgentRevision, Workspace, WorkspaceEvent
from experiments.models import Conclusion, Event, Experiment, Notice
from glozr.postgres.clock import database_time


@contextmanager
def happening(workspace: Workspace, moment: datetime) -> Iterator[None]:
    """What is done within happened at `moment`, and nobody is told of it by mail."""
    began = database_time()
    yield
    move(workspace, began, moment)


def move(workspace: Workspace, began: datetime, moment: datetime) -> None:
    """All that the workspace's history got from `began` on happened at `moment`."""
    of_experiments = Experiment.objects.filter(agent__workspace=workspace)
    steps = Event.objects.filter(experiment__in=of_experiments)
    revisions = AgentRevision.objects.filter(agent__workspace=workspace)
    conclusions = Conclusion.objects.filter(agent__workspace=workspace)
    rows: list[tuple[QuerySet[Any], str]] = [
        (Agent.objects.filter(workspace=workspace), "created_at"),
        (WorkspaceEvent.objects.filter(workspace=workspace), "created_at"),
        (of_experiments, "created_at"),
        (of_experiments, "started_at"),
        (of_experiments, "stopped_at"),
        (steps, "created_at"),
        (revisions, "created_at"),
        (conclusions, "concluded_at"),
    ]
    for found, column in rows:
        found.filter(**{f"{column}__gte": began}).update(**{column: moment})
    notices = Notice.objects.filter(workspace=workspace, created_at__gte=began)
    notices.update(created_at=moment, passed_on_at=moment)
