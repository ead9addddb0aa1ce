"""How long, how many, how heavy: each limit once, for models, forms, serializers and tests alike.

Lengths are in characters.
"""

from collections.abc import Mapping
from datetime import timedelta

from agents import limits

EXPERIMENT_NAME = 120
HYPOTHESIS = 2_000
LEARNED = 2_000
REASON = 1_000
MIN_VARIANTS, MAX_VARIANTS = 2, 10
VARIANT_NAME = 60
MAX_WEIGHT = 1_000_000
MAX_CONFIG_BYTES = 16 * 1024
MAX_CONFIG_DEPTH = 20
WINDOW_DAYS, MIN_WINDOW_DAYS, MAX_WINDOW_DAYS = 7, 1, 90
MIN_PLANNED_LIFT, MAX_PLANNED_LIFT = 0.01, 10
"""Relative: 0.2 for +20%."""
MAX_LOOKS = 12
USUAL_LIFT, USUAL_LOOKS = 0.2, 5
TRAFFIC_SHARE = 100
"""In percent, at most and unless set."""
MIN_EXPECTED, MAX_EXPECTED_SHARE, MAX_EXPECTED_AVERAGE = 0.0001, 0.99, 100_000
MAX_EXPECTED_WEEKLY = 100_000_000
PERSONA_LIMITS: Mapping[str, int] = {"name": limits.PERSONA_NAME, "tone": limits.PERSONA_TONE}

SCHEDULED_AHEAD, MOST_SCHEDULED_AHEAD = timedelta(minutes=10), timedelta(days=731)
"""How far ahead a start or an end may be set, and how far apart they are."""
MAX_ENDS_AT_VISITORS = 10_000_000
"""Per variant."""

EXPERIMENTS_OF_WORKSPACE = 2_000
"""Of a workspace, those that are deleted not counted."""
HISTORY = 100_000
"""Steps in the histories of a workspace's experiments, those that are deleted not counted."""
SHARED_LINKS = 20
"""Of an experiment, those that are revoked not counted."""

LEFT_OUT_VALUE = 253
"""Characters of an id, a beginning or a domain, of which this is the longest (RFC 1035)."""
LEFT_OUT_RULES = 500
"""Of a workspace."""
IDS_OF_A_VISITOR = 50
"""Merged into one."""
IDEMPOTENCY = timedelta(hours=24)
"""For so long a call that is sent again with its key is known again."""
IDEMPOTENCY_KEY_LENGTH = 255

MESSAGES_COUNTED = 100
"""Of one visitor in an experiment; what follows is not measured."""
CROSSING = timedelta(seconds=5)
"""So much earlier than the assignment a lead may come, as requests of one moment may cross."""
LATENESS = timedelta(hours=24)
"""What is received so much later than its span ended still counts."""

TRIED_VARIANTS = 4
"""Beside each other in a try-out."""
TRIED_MESSAGE = 4_000
TRIED_TURNS = 40
"""Of one try-out, questions and answers; the oldest are not sent any more."""
TRIED_TEXT = 100_000
"""Characters of all turns together."""
REPLAYED_VISITORS = 20
REPLAYED_AMONG = 500
"""Conversations that are looked through for them."""

WEBHOOKS = 10
"""Of a workspace."""
WEBHOOK_NAME = 60
WEBHOOK_URL = 500
NOTICES_LOOKED_THROUGH = 100
"""The newest of a workspace, for those that somebody has not seen."""
NOTICE_IS_NEWS_FOR = timedelta(days=30)
MAILED_NOTICE_TO = 200
"""People of a workspace at most; the others find it on the page."""
NOTICE_MAILS = 20
"""To one person of one workspace in a day; the others are on the page alone."""
DELIVERY_TRIED_FOR = timedelta(days=1)
DELIVERY_KEPT_FOR = timedelta(days=30)
