"""An experiment's history whole: its entries with all texts, and a table of them."""

from collections.abc import Sequence

from agents.audit import texts
from agents.audit.export import HistoryEntry, history_table
from experiments.history import steps_of
from experiments.lifecycle.narrative import step_of
from experiments.models import Event, Experiment
from glozr.outputs.tables import Table


def experiment_entries(experiment: Experiment, events: Sequence[Event]) -> list[HistoryEntry]:
    whole = texts.contents(experiment.agent.workspace_id, (event.changes for event in events))
    return [
        HistoryEntry(
            id=event.pk,
            created_at=event.created_at,
            who=event.actor_name,
            action=event.action,
            subject=experiment.name,
            what=step_of(event).what,
            changes=texts.restored(event.changes, whole),
        )
        for event in events
    ]


def steps_table(experiment: Experiment) -> Table:
    return history_table(
        steps_of(experiment), lambda events: experiment_entries(experiment, events)
    )
