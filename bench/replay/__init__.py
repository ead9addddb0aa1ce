"""Whether two revisions answer alike, and calls to ask them with."""
