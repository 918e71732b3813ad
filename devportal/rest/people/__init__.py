"""Employees and their notices."""
