"""The A/B experiments tab, the overview, conversations and leads, and the API's reference."""
