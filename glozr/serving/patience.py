"""How long clients are waited for and how much is kept for them; each limit once."""

READ_SECONDS = 20
"""From a request's first byte, or from connecting, until all of it is there."""
WRITE_SECONDS = 20
"""Within which a client must read `READ_AT_LEAST` of what waits for it, or all."""
READ_AT_LEAST = 32 * 1024
IDLE_SECONDS = 20
"""Between an answer and the next request. A proxy must keep its idle connections for less."""
TURN_WAIT_SECONDS = 5
"""How long a file or a model's answer waits for its turn, behind others that are being written."""
LINGER_SECONDS = 2
"""How long the rest of a refused body is read and forgotten, for the refusal to be heard."""
GRACE_SECONDS = 20
"""How long requests under way may take after the server was told to stop."""

HEAD_BYTES = 64 * 1024
HEAD_LINES = 100
MOST_CONNECTIONS = 8_000
"""Of a worker. Beyond, those go first that have let us wait the longest for a request."""
MOST_UNREAD_BYTES = 64 * 1024 * 1024
"""Of all answers together that a worker holds. Beyond, those go first that were read the least."""
MOST_HELD_BYTES = 64 * 1024 * 1024
"""Of all bodies together that a worker has begun to read."""
