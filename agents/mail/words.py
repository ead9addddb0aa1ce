"""What others have named themselves, in mail of ours: shown as a name or not at all.

Mail programs make a link of whatever looks like one, in a subject as in a text, so that a workspace
called “Sign in at evil.example” would be a stranger's advertisement under our sender.
"""

import re
import unicodedata

from agents import limits

_LINK = re.compile(
    r"""
    :// | \bwww\.                       # https://… and what stands for it
    | \b[a-z][a-z0-9+.-]*:\S            # mailto:… and other schemes
    | \S@\S                             # an address
    | [^\s.]\.[^\W\d_]{2}               # evil.example
    | \b\d{1,3}(\.\d{1,3}){3}\b         # 192.0.2.1
    """,
    re.IGNORECASE | re.VERBOSE,
)
_DOTS = str.maketrans("\u3002\uff61\u2024\uff0e", "....")
_HIDDEN = {"Cc", "Cf", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"


def looks_like_link(text: str) -> bool:
    plain = "".join(c for c in text if unicodedata.category(c) not in _HIDDEN)
    return _LINK.search(unicodedata.normalize("NFKC", plain.translate(_DOTS))) is not None


def in_one_line(text: str) -> str:
    """`text` without line breaks or other characters that can't be seen, but for what joins
    letters in some scripts."""
    visible = (" " if unicodedata.category(c) in _HIDDEN and c not in _JOINERS else c for c in text)
    return " ".join("".join(visible).split())


def quoted(name: str, *, otherwise: str) -> str:
    """The name in quotation marks, or `otherwise` for one that is no name."""
    line = in_one_line(name)
    if not line or looks_like_link(name):
        return otherwise
    return f"“{line.replace('“', '').replace('”', '')}”"


def without_links(text: str) -> str:
    """`text` in one line, in which no word is a link."""
    words = ("…" if looks_like_link(word) else word for word in in_one_line(text).split())
    line = " ".join(words)
    return "…" if looks_like_link(line) else line


def subject_of(text: str) -> str:
    """A subject of one line in which no word is a link."""
    return without_links(text)[: limits.MAIL_SUBJECT]
