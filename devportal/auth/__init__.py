"""The authorization server and what it lends to calls."""
