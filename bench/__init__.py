"""Measurements and searches that take longer than tests may: `make bench`, `make fuzz`."""
