"""`manage.py setup`: everything a start needs. May run twice, before every start."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, call_command
from django_q.models import Schedule

from employees import keys

SCHEDULES = {
    "signx.pulse.wake_now": {"schedule_type": Schedule.MINUTES, "minutes": 1},
    "bitrix24.tasks.forget_old_calls": {"schedule_type": Schedule.DAILY},
    "bitrix24.tasks.keep_tokens_alive": {"schedule_type": Schedule.DAILY},
}


class Command(BaseCommand):
    help = "Prepares the database, the platform's keys and the schedules."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        for function, when in SCHEDULES.items():
            Schedule.objects.update_or_create(
                func=function, defaults={"name": function, "repeats": -1, **when}
            )
        keys.platform_seal()
        self.stdout.write("ready")
