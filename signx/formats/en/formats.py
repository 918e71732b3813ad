"""Dates in tables of support admin: short enough for a column."""

DATETIME_FORMAT = "j M Y H:i"
