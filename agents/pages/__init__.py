"""Pages of people, workspaces and agents, and in `frame` what every page of the product has."""
