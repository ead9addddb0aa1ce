"""What PostgreSQL's own log must not hold.

Statements hold people's words and what opens doors, and an error of one repeats them; it is told to
who asked, and no log keeps either. The embedded server is started so. Another server is asked for
as much of it as our role may (`sessions`): the rest is for who runs that server.
"""

from collections.abc import Mapping
from typing import Final

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
