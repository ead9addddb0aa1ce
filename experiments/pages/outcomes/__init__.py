"""Pages of `experiments.outcomes`: conclude and take back, what was learned, links to results."""
