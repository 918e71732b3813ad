"""Disk: drives, folders, files."""
