"""Experiments, their variants, who was assigned to which, and what was done to them."""

from experiments.models.assignment import Assignment, PendingCount, VariantTotals
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
from experiments.models.notice import (
    Notice,
    NoticeKind,
    NoticeMail,
    NoticeSeen,
    NoticeWatch,
)
from experiments.models.prompt import VariantPrompt
from experiments.models.visitor import LeftOut, LeftOutRule, RuleKind, VisitorMerge
from experiments.models.webhook import Delivery, DeliveryState, Webhook, WebhookForm

__all__ = [
    "NAME_TAKEN",
    "WEIGHT_RULE",
    "WINDOW_RULE",
    "Action",
    "Assignment",
    "Delivery",
    "DeliveryState",
    "DuplicateCall",
    "Event",
    "Experiment",
    "Kind",
    "LeftOut",
    "LeftOutRule",
    "Notice",
    "NoticeKind",
    "NoticeMail",
    "NoticeSeen",
    "NoticeWatch",
    "PendingCount",
    "RuleKind",
    "Status",
    "Variant",
    "VariantPrompt",
    "VariantTotals",
    "VisitorMerge",
    "Webhook",
    "WebhookForm",
]
