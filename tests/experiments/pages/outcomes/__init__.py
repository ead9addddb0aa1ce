"""What comes after an experiment, on pages."""
