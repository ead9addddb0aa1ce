"""Who calls the API: bearer tokens and people's sessions (`authentication`)."""
