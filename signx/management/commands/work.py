"""`manage.py work`: the queue's cluster under a supervisor.

The supervisor wakes due work every second, queues a heartbeat, and restarts a cluster whose
heart has stopped: killing one idle worker can leave a django-q2 cluster alive but deaf.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django_q.tasks import async_task

from signx.worker import heartbeat, pulse

log = logging.getLogger(__name__)

BEAT_EVERY = timedelta(seconds=10)
GRACE_S = 10
# Longer than the longest task may take (Q_CLUSTER timeout), so that busy is never called dead.
DEAF_AFTER = timedelta(seconds=settings.Q_CLUSTER["timeout"] + 30)


class Command(BaseCommand):
    help = "Runs the background worker: the queue cluster and its supervisor."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        while not self.stop.is_set():
            cluster = _start_cluster()
            try:
                self._supervise(cluster)
            finally:
                # A deaf cluster does not hear that it should stop either.
                _kill(cluster, grace_s=GRACE_S if self.stop.is_set() else 0)

    def _supervise(self, cluster: subprocess.Popen[bytes]) -> None:
        """Returns when the cluster must be started again, or the supervisor must stop."""
        started = timezone.now()
        beaten = started - BEAT_EVERY  # the first beat is due as soon as the database is there
        while not self.stop.wait(1) and cluster.poll() is None:
            at = timezone.now()
            try:
                pulse.wake_due(at)
                if at - beaten >= BEAT_EVERY:
                    async_task("signx.worker.heartbeat.beat")
                    beaten = at
                age = heartbeat.age(at)
            except DatabaseError:
                log.exception("the database does not answer; trying again")
                close_old_connections()
                continue
            if at - started > DEAF_AFTER and (age is None or age > DEAF_AFTER):
                log.error("the queue has not moved for %s: restarting its cluster", age)
                return


def _start_cluster() -> subprocess.Popen[bytes]:
    # Its own process group, so that its workers can be killed with it.
    return subprocess.Popen([sys.executable, "manage.py", "qcluster"], start_new_session=True)


def _kill(cluster: subprocess.Popen[bytes], *, grace_s: float) -> None:
    """Asks the cluster to stop; after `grace_s` kills the whole group. Nothing is lost: rows
    decide."""
    if grace_s and cluster.poll() is None:
        cluster.terminate()
        try:
            cluster.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            log.warning("the cluster did not stop by itself")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(cluster.pid, signal.SIGKILL)
