"""What PostgreSQL's own log must not hold.

Statements hold people's words and what opens doors, and an error of one repeats them; it is told to
who asked, and no log keeps either. The embedded server is started so. Of another server each
connection asks for as much of it as its role may: the rest is for who runs that server (README).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, LiteralString

if TYPE_CHECKING:  # settings are read through here, and psycopg takes its time
    from psycopg import Connection

WITHOUT_VALUES: Final[Mapping[str, str]] = {
    "log_error_verbosity": "terse",
    "log_lock_waits": "off",
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_temp_files": "-1",
    "log_transaction_sample_rate": "0",
}

# Superusers may set all of it; who else may can be asked from PostgreSQL 15 on.
_MAY: Final[LiteralString] = "has_parameter_privilege(name, 'SET')"
_MAY_BEFORE_15: Final[LiteralString] = "current_setting('is_superuser') = 'on'"
_ASK: Final[LiteralString] = """
SELECT set_config(name, wished, false)
  FROM unnest(%s::text[], %s::text[]) AS setting (name, wished)
 WHERE {may} OR name = 'log_parameter_max_length_on_error'
"""


def keep_values_out_of_its_log(connection: "Connection[Any]") -> None:
    """For this connection, as far as its role may."""
    may = _MAY if connection.info.server_version >= 150_000 else _MAY_BEFORE_15
    names, wished = zip(*WITHOUT_VALUES.items(), strict=True)
    connection.execute(_ASK.format(may=may), (list(names), list(wished)))
