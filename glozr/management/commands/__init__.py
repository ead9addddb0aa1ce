"""`makemigrations`, which starts no server, and `run_background`, beside the web processes."""
