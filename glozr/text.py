"""What a piece of text may hold, wherever it enters."""

import unicodedata

LINE_BREAKS = "\n\r"


def has_control_characters(text: str, *, allowed: str = "") -> bool:
    """Whether `text` holds a control character (Unicode category Cc, NUL among them)."""
    return any(
        unicodedata.category(character) == "Cc" and character not in allowed for character in text
    )


def is_encodable(text: str) -> bool:
    """Whether `text` is Unicode that UTF-8 can hold: JSON lets half a surrogate pair through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
