"""How long and how many: each limit once, for models, forms, serializers and tests alike.

Lengths are in characters.
"""

from datetime import timedelta

WORKSPACE_NAME = 120
AGENT_NAME = 120
PERSONA_NAME = 80
PERSONA_TONE = 500
SYSTEM_PROMPT = 20_000
TOKEN_NAME = 80
TOKEN_AGENTS = 100
TOKEN_NETWORKS = 20
PERSON_NAME = 150
PASSWORD = 256
SHORTEST_PASSWORD = 12
KEY_NAME = 60

VISITOR_ID = 128
MESSAGE = 32_000
LEAD_NAME = 120
LEAD_PHONE = 40
LEAD_COMPANY = 120
USER_AGENT_READ = 1_024
"""Of a longer one the rest is not looked at: no visitor is refused for it."""

HISTORY_TEXT = 300
"""Longer texts are kept beside a history, which shows their HISTORY_BEGINNING."""
HISTORY_BEGINNING = 160

SEARCH_TERM = 120
AGENTS = 500
MEMBERS = 1_000
TOKENS = 100
"""Of a workspace, those that are revoked not counted."""
SHOWN_SESSIONS = 50
OPEN_INVITATIONS = 100
"""In a workspace at once, so that nobody sends mail without end."""

MAIL_PURPOSE = 60
MAIL_ADDRESS = 320
MAIL_SUBJECT = 200
MAIL_COUNTED_OVER = timedelta(days=1)
MAILS_TO_RECIPIENT = 10
"""Of one kind in `MAIL_COUNTED_OVER`, whoever asks for them: nobody's mailbox is flooded."""
MAILS_OF_PERSON = 100
MAILS_OF_WORKSPACE = 300
MAIL_TRIED_FOR = timedelta(days=1)
MAIL_SENT_AGAIN_WITHIN = timedelta(days=3)
"""After that the links in it have run out, and what it said is forgotten."""
MAIL_KEPT_FOR = timedelta(days=30)
INVITATION_MAILS = 20
"""Of one invitation, asked for by whoever opens its link."""
TOKENS_LISTED = 100
"""Of somebody who goes, to be kept or revoked one by one; those beyond are revoked."""

ENDPOINT_URL = 500
MODEL_NAME = 120
MODEL_KEY = 500
MODEL_ANSWER = 32_000
"""Of a longer one the rest is not read."""
MODEL_CALLS, MOST_MODEL_CALLS = 500, 100_000
"""Of a workspace in a day: unless set, and at most."""

LEAST_RETENTION, GREATEST_RETENTION = 4, 120
"""Months. The least is longer than the longest window of an experiment and what may be late."""
