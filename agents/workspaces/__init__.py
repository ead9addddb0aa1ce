"""Workspaces (`editing`), who belongs to them (`members`) and their programs' keys (`tokens`)."""
