"""Dates in tables of support admin: short enough for a column."""

DATETIME_FORMAT = "d.m.Y H:i"
