"""The calls on which a visitor waits, and the same asked in OpenFeature's words."""
