"""What a piece of text may hold, wherever it enters, and how it leaves in a file."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

EMAIL_LENGTH = 254
"""The longest that mail servers take (RFC 5321, 4.5.3.1.3, without the angle brackets)."""
CONTROL_CHARACTERS = "Remove the control characters."
LINE_BREAKS = "\n\r"
# They turn the direction of what is written after them, on a page as in a list of names.
DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Where a cell may begin, what is passed over there, and what is taken for a formula: the signs,
# their full-width and small forms (which are folded into them), and the true minus.
_FORMULA: Final = re.compile(
    r"""(^|[\t\n\r,;|])([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212])"""
)
_BREAK_FIRST: Final = ("\t", "\r", "\n")


def has_control_characters(text: str, *, allowed: str = "") -> bool:
    """Whether `text` holds a control character (Unicode category Cc, NUL among them)."""
    return any(
        unicodedata.category(character) == "Cc" and character not in allowed for character in text
    )


def problem_of_line(text: str) -> tuple[str, str] | None:
    """The code and sentence of what is wrong with a name or another line for people, if anything.

    That there is none where one is needed is for others to refuse.
    """
    if has_control_characters(text):
        return "control_characters", CONTROL_CHARACTERS
    if not DIRECTION_CONTROLS.isdisjoint(text):
        return "direction_controls", "Remove the characters that turn the direction of writing."
    if text and all(unicodedata.category(character)[0] in "CZ" for character in text):
        return "invisible", "Use characters that can be seen."
    return None


def is_encodable(text: str) -> bool:
    """Whether `text` is Unicode that UTF-8 can hold: JSON lets half a surrogate pair through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def harmless(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula."""
    guarded = _FORMULA.sub(r"\1\2'", text)
    return f"'{guarded}" if guarded.startswith(_BREAK_FIRST) else guarded


def csv_lines(rows: Iterable[Sequence[object]], *, quotes_texts: bool = False) -> str:
    """`rows` as lines of CSV; quotation marks where they are needed, or around every text."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC if quotes_texts else csv.QUOTE_MINIMAL)
    writer.writerows(rows)
    return text.getvalue()
