"""How long and how many: each limit once, for models, forms, serializers and tests alike.

Lengths are in characters.
"""

WORKSPACE_NAME = 120
AGENT_NAME = 120
PERSONA_NAME = 80
PERSONA_TONE = 500
SYSTEM_PROMPT = 20_000
TOKEN_NAME = 80
PERSON_NAME = 150
PASSWORD = 256

VISITOR_ID = 128
MESSAGE = 32_000
LEAD_NAME = 120
LEAD_PHONE = 40
LEAD_COMPANY = 120

HISTORY_TEXT = 300
"""Longer texts are kept beside a history, which shows their HISTORY_BEGINNING."""
HISTORY_BEGINNING = 160

SEARCH_TERM = 120
OPEN_INVITATIONS = 100
"""In a workspace at once, so that nobody sends mail without end."""
