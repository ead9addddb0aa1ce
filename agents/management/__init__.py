"""What operators type for workspaces and their keys (`commands`)."""
