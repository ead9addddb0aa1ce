"""Installed as `docs/installation/` says: each file is read by the program that it is for, and its
commands are run."""
