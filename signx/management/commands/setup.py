"""`manage.py setup`: everything a start needs. May run twice, before every start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django_q.models import Schedule

from documents.core import agreement_texts
from employees.signatures import self_test

SCHEDULES = {
    "signx.worker.pulse.wake_now": {"schedule_type": Schedule.MINUTES, "minutes": 1},
    "documents.news.bounce_mailbox.read_mailbox": {"schedule_type": Schedule.MINUTES, "minutes": 5},
    "bitrix24.tasks.forget_old_calls": {"schedule_type": Schedule.DAILY},
    "bitrix24.tasks.keep_tokens_alive": {"schedule_type": Schedule.DAILY},
    "employees.signatures.codes.forget_old_codes": {"schedule_type": Schedule.DAILY},
    "robots.tasks.forget_old_calls": {"schedule_type": Schedule.DAILY},
    "outbox.tasks.forget_delivered": {"schedule_type": Schedule.DAILY},
    "documents.proof.protection.extend_due": {"schedule_type": Schedule.HOURLY},
    "employees.signatures.certificate_news.follow_certificates": {"schedule_type": Schedule.DAILY},
    "documents.drafts.services.forget_old": {"schedule_type": Schedule.DAILY},
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
        # What another version has scheduled under a name that is gone would fail for ever.
        Schedule.objects.exclude(func__in=SCHEDULES).delete()
        agreement_texts.keep_shipped()
        self._test_seal()
        self.stdout.write("ready")

    def _test_seal(self) -> None:
        """The platform's keys are made here at the first start, and tried at every start."""
        if problem := self_test.seal_problem():
            raise CommandError(f"The seal does not work: {problem}")
        self.stdout.write(f"seal: ok, {settings.PADES_LEVEL}")
        if problem := self_test.timestamp_problem():
            # Not an end: the server may come back, and until then documents wait.
            self.stderr.write(f"time-stamps: failed, {problem}")
