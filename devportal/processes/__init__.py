"""Running business processes and calling their robots."""
