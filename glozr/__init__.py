"""The project: settings, the database it stands on (`postgres`), how input is read (`inputs`), and
the edge that every request passes (`edge`). Knows nothing of agents or experiments but their URLs.
"""

RELEASE = "1.0.0"
"""As in pyproject.toml, which an installation need not have."""
