"""Cells of the files that people open in a spreadsheet."""

import re
from typing import Final

# Where a cell may begin, what is passed over there, and what is taken for a formula: the signs,
# their full-width and small forms (which are folded into them), and the true minus.
_FORMULA: Final = re.compile(
    r"""(^|[\t\n\r,;|])([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212])"""
)
_BREAK_FIRST: Final = ("\t", "\r", "\n")


def harmless(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula."""
    guarded = _FORMULA.sub(r"\1\2'", text)
    return f"'{guarded}" if guarded.startswith(_BREAK_FIRST) else guarded
