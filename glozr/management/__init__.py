"""Commands of the project itself, and of Django where they behave otherwise here."""
