"""Business processes: robots and their answers."""
