"""Experiments, their variants, who was assigned to which, and what was done to them."""

from experiments.models.assignment import Assignment, PendingCount, VariantTotals
from experiments.models.conclusion import Conclusion, Outcome
from experiments.models.duplicate_call import DuplicateCall
from experiments.models.event import Action, Event
from experiments.models.experiment import (
    NAME_TAKEN,
    WEIGHT_RULE,
    WINDOW_RULE,
    Experiment,
    Kind,
    Status,
    Variant,
)
from experiments.models.prompt import VariantPrompt
from experiments.models.shared_link import SharedLink
from experiments.models.visitor import LeftOut, LeftOutRule, RuleKind, VisitorMerge

__all__ = [
    "NAME_TAKEN",
    "WEIGHT_RULE",
    "WINDOW_RULE",
    "Action",
    "Assignment",
    "Conclusion",
    "DuplicateCall",
    "Event",
    "Experiment",
    "Kind",
    "LeftOut",
    "LeftOutRule",
    "Outcome",
    "PendingCount",
    "RuleKind",
    "SharedLink",
    "Status",
    "Variant",
    "VariantPrompt",
    "VariantTotals",
    "VisitorMerge",
]
