"""To be seen from outside: logs, metrics, health, and the id that a request is known by."""
