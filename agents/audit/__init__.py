"""Who did what in a workspace, and the long texts of every history, kept once.

Services call `events.record_event` in their own transaction. `narrative` puts events into words and
gives other histories the same ones; `texts` keeps what is long beside the events; `export` writes
them out.
"""
