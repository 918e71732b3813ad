"""`manage.py rotate_keys`: re-encrypts every stored secret under the newest key."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management import BaseCommand
from django.db import transaction

from signx.vault import EncryptedTextField


class Command(BaseCommand):
    help = "Re-encrypts tokens and private keys under the first of SIGNX_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            fields = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
            if not fields:
                continue
            count = 0
            for pk in model._base_manager.values_list("pk", flat=True).iterator():
                with transaction.atomic():
                    # Reading decrypts with any key, writing encrypts with the first.
                    row = model._base_manager.select_for_update().get(pk=pk)
                    row.save(update_fields=fields)
                count += 1
            self.stdout.write(f"{model._meta.label}: {count}")
