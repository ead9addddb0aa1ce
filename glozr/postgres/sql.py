"""SQL kept in files: `name.sql` in a folder beside the module that runs it.

A statement may be put together of parts: where its text says `$part`, the file `part.sql` of the
same folder goes in, with parts of its own, so that what several statements share is written once.
Parameters are psycopg's, `%(name)s`. Comments stay in the file.
"""

import re
from pathlib import Path
from string import Template
from typing import LiteralString

_COMMENT_LINE = re.compile(r"^\s*--.*\n", re.MULTILINE)


def statement(folder: Path, name: str, **given: str) -> LiteralString:
    """The text of `name.sql` with its parts; those in `given` are not looked for in files.

    Raises:
        FileNotFoundError: there is no such file, or none of a part.
    """
    text = Template(_COMMENT_LINE.sub("", (folder / f"{name}.sql").read_text()).strip())
    parts = {
        part: given[part] if part in given else statement(folder, part, **given)
        for part in text.get_identifiers()
    }
    return text.substitute(parts)
