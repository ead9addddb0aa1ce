"""An experiment's history whole: its entries with all texts, and a table of them."""

from collections.abc import Sequence

from agents.audit.export import HistoryEntry, history_table, whole_entries
from experiments.history import steps_of
from experiments.lifecycle.narrative import step_of
from experiments.models import Event, Experiment
from glozr.outputs.tables import Table


def experiment_entries(experiment: Experiment, events: Sequence[Event]) -> list[HistoryEntry]:
    return whole_entries(
        experiment.agent.workspace_id,
        events,
        lambda event: (experiment.name, step_of(event).what),
    )


def steps_table(experiment: Experiment) -> Table:
    return history_table(
        steps_of(experiment), lambda events: experiment_entries(experiment, events)
    )
