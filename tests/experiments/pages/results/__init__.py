"""The results of an experiment on its page."""
