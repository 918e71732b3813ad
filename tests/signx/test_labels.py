"""Support reads words, not names of columns: every app, table and column has a label."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise

OURS = ("outbox", "bitrix24", "journal", "employees", "documents", "robots", "signx")
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]


@pytest.mark.parametrize("app", [*OURS[:-1], "django_q"])
def test_an_app_has_a_name_that_can_be_translated(app):
    assert isinstance(apps.get_app_config(app).verbose_name, Promise)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_table_and_its_columns_have_labels_that_can_be_translated(model: type[Model]):
    meta = model._meta
    bare = [
        field.name
        for field in meta.get_fields()
        if field.concrete and not field.auto_created and not isinstance(field.verbose_name, Promise)  # type: ignore[union-attr]
    ]

    assert bare == []
    assert isinstance(meta.verbose_name, Promise)
    assert isinstance(meta.verbose_name_plural, Promise)
