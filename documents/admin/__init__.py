"""Support's pages of documents; Django finds the package by its name and registers what it
holds."""

from documents.admin import agreement_texts, documents  # noqa: F401
