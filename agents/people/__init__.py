"""People who sign in: `accounts` makes them, `invitations` brings them into workspaces."""
