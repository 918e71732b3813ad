"""Support's pages of employees; Django finds the package by its name and registers what it
holds."""

from employees.admin import pages  # noqa: F401
