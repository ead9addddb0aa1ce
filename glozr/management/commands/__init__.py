"""`makemigrations`, which starts no server."""
