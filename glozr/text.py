"""What a piece of text may hold, wherever it enters."""

import unicodedata

EMAIL_LENGTH = 254
"""The longest that mail servers take (RFC 5321, 4.5.3.1.3, without the angle brackets)."""
CONTROL_CHARACTERS = "Remove the control characters."
LINE_BREAKS = "\n\r"
# They turn the direction of what is written after them, on a page as in a list of names.
DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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


def number_in(text: str) -> int | None:
    """The number that plain digits write, nine of them at most; None of any other text."""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else None


def is_encodable(text: str) -> bool:
    """Whether `text` is Unicode that UTF-8 can hold: JSON lets half a surrogate pair through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
