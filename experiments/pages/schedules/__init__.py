"""When an experiment starts and ends by itself: its page (`schedule`)."""
