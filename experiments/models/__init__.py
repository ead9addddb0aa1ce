"""Experiments, their variants, who was assigned to which, and what was done to them."""

from experiments.models.assignment import (
    AssignedCount,
    Assignment,
    FoldState,
    PendingCount,
    VariantTotals,
)
from experiments.models.brief import KeptBrief
from experiments.models.conclusion import Conclusion, Outcome
from experiments.models.duplicate_call import DuplicateCall
from experiments.models.event import Action, Event
from experiments.models.experiment import (
    LIFT_RULE,
    LOOKS_RULE,
    NAME_TAKEN,
    SHARE_RULE,
    WEIGHT_RULE,
    WINDOW_RULE,
    Design,
    Experiment,
    Kind,
    PrimaryMetric,
    Status,
    Variant,
)
from experiments.models.look import Look
from experiments.models.notice import (
    Notice,
    NoticeKind,
    NoticeMail,
    NoticeSeen,
    NoticeWatch,
)
from experiments.models.previewed import PreviewedConversation
from experiments.models.prompt import VariantPrompt
from experiments.models.schedule import OnConflict
from experiments.models.shared_link import SharedLink
from experiments.models.visitor import LeftOut, LeftOutRule, RuleKind, VisitorMerge
from experiments.models.webhook import Delivery, DeliveryState, Webhook, WebhookForm

__all__ = [
    "LIFT_RULE",
    "LOOKS_RULE",
    "NAME_TAKEN",
    "SHARE_RULE",
    "WEIGHT_RULE",
    "WINDOW_RULE",
    "Action",
    "AssignedCount",
    "Assignment",
    "Conclusion",
    "Delivery",
    "DeliveryState",
    "Design",
    "DuplicateCall",
    "Event",
    "Experiment",
    "FoldState",
    "KeptBrief",
    "Kind",
    "LeftOut",
    "LeftOutRule",
    "Look",
    "Notice",
    "NoticeKind",
    "NoticeMail",
    "NoticeSeen",
    "NoticeWatch",
    "OnConflict",
    "Outcome",
    "PendingCount",
    "PreviewedConversation",
    "PrimaryMetric",
    "RuleKind",
    "SharedLink",
    "Status",
    "Variant",
    "VariantPrompt",
    "VariantTotals",
    "VisitorMerge",
    "Webhook",
    "WebhookForm",
]
