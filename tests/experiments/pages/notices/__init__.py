"""Notices and webhooks, on pages."""
