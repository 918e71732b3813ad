"""Business processes and their robots."""
