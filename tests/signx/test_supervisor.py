"""The worker's supervisor: due work is woken, a deaf queue is noticed."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.tasks import async_task

from signx import due_work
from signx.management.commands import work
from signx.worker import heartbeat, pulse

pytestmark = pytest.mark.django_db


def always(at):
    return True


def never(at):
    return False


def one():
    pass


def two():
    pass


ONE, TWO = f"{__name__}.one", f"{__name__}.two"


@pytest.fixture
def work_is_due(monkeypatch):
    """One piece of work is due, another one is not."""
    known = [due_work.DueWork(one, always), due_work.DueWork(two, never)]
    monkeypatch.setattr(pulse, "DUE_WORK", known)


def test_only_what_is_due_is_woken(work_is_due):
    assert pulse.wake_due(timezone.now()) == [ONE]
    assert [row.task["func"] for row in OrmQ.objects.all()] == [ONE]


def test_what_waits_in_the_queue_is_not_queued_again(work_is_due):
    for _call in range(3):
        pulse.wake_due(timezone.now())

    assert OrmQ.objects.count() == 1


def test_what_a_worker_has_taken_is_woken_for_another(work_is_due):
    pulse.wake_due(timezone.now())
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=7))

    pulse.wake_due(timezone.now())

    assert OrmQ.objects.count() == 2


def test_a_queue_that_is_awake_is_not_made_longer(work_is_due):
    for _task in range(pulse.ENOUGH_QUEUED):
        async_task(TWO)

    pulse.wake_due(timezone.now())

    assert OrmQ.objects.count() == pulse.ENOUGH_QUEUED


def test_the_heart_beats_through_the_queue(settings):
    now = timezone.now()
    assert heartbeat.age(now) is None

    heartbeat.beat()
    assert heartbeat.age(now + timedelta(minutes=5)) > timedelta(minutes=4)

    heartbeat.beat()
    assert heartbeat.age(timezone.now()) < timedelta(minutes=1)


def test_every_due_task_can_be_found_by_the_queue():
    assert len(due_work.DUE_WORK) >= 5
    for work_of in due_work.DUE_WORK:
        assert import_string(work_of.task) is work_of.run
        assert work_of.has_due(timezone.now()) in {True, False}


def test_a_deaf_cluster_is_killed_without_waiting_for_its_answer():
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    cluster = subprocess.Popen([sys.executable, "-c", deaf], start_new_session=True)

    work._kill(cluster, grace_s=0)

    assert cluster.wait(timeout=work.GRACE_S) == -signal.SIGKILL


class Rounds:
    """The supervisor's stop, set after so many rounds of its loop; nobody waits a second."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    def wait(self, _seconds: float) -> bool:
        self.left -= 1
        return self.left < 0

    def is_set(self) -> bool:
        return self.left < 0


def test_a_database_that_is_away_at_the_start_is_waited_for(monkeypatch):
    answers = [DatabaseError("away"), DatabaseError("away")]

    def queue(task: str) -> None:
        if answers:
            raise answers.pop()
        async_task(task)

    monkeypatch.setattr(pulse, "DUE_WORK", [])
    monkeypatch.setattr(work, "async_task", queue)
    monkeypatch.setattr(work, "close_old_connections", lambda: None)
    supervisor = work.Command()
    supervisor.stop = Rounds(4)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as cluster:
        supervisor._supervise(cluster)

    assert [row.task["func"] for row in OrmQ.objects.all()] == ["signx.worker.heartbeat.beat"]
