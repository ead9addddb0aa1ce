"""`create_workspace` with its Owner and first agent, and `create_token`, which prints a key."""
