"""Starts and ends by schedule, on pages."""
