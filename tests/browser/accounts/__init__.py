"""Signing in, invitations and passkeys, in a browser."""
