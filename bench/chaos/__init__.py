"""Faults under load, and what the database must still hold after them: `python -m bench.chaos`."""
