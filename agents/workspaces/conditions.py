"""What makes a token usable, as conditions for every statement that checks one. Needs no models,
so that statements can be read where no Django runs."""

from pathlib import Path
from typing import Final, LiteralString

from glozr.postgres.sql import statement

_FOLDER = Path(__file__).parent / "sql"

CONDITIONS: Final[dict[str, LiteralString]] = {
    name: statement(_FOLDER, name) for name in ("usable_token", "is_near")
}
AUTHENTICATE: Final[LiteralString] = statement(_FOLDER, "authenticate")
