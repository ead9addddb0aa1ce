"""Starts and ends by schedule."""
