"""Pages of what a workspace calls elsewhere."""
