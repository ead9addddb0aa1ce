"""Pages of notices: the list, mail on and off, and the webhooks that notices are sent to."""
