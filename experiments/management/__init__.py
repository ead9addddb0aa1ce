"""What operators type for the demo and for results (`commands`)."""
