"""Twelve documents under faults, each at 10 %, and people who sign, decline or never answer.

`make chaos` does the same with real processes that are killed at random and many more documents.
Here one thread works and only sleeping moves the clock, so that a seed always gives the same
run.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from bitrix24.rest import client
from bitrix24.rest.client import BLIP_PAUSES_S
from bitrix24.wire import transport
from chaos import invariants
from chaos.faults import INJECTED
from chaos.load import DECLINE, IGNORE, SIGN, Load
from chaos.stage import LONGEST_JUMP_S
from chaos.traffic import traffic_of
from demo.people import Frame
from devportal import cast
from documents.models import Document
from employees.balances import ledger
from robots.models import RobotCall
from signx.env import Host
from tests.conftest import PORTAL
from tests.robots import conftest as office

_storage = office._storage
robots_on, signer = office.robots_on, office.signer

BASELINE_DOCUMENTS, DOCUMENTS = 3, 12
UNITS = 50
RATE = 0.1
STEPS = 400
PATIENCE = 30  # quiet steps after which those who never answer let the term of 14 days pass
A_TERM_S = 15 * 86_400
SEEDS = (1, 2)


@pytest.fixture
def bucket_size():
    """The portal's own limit, as Bitrix24 has it."""
    return 50


@pytest.fixture
def clock(monkeypatch):
    """Time stands still unless somebody waits; who waits moves it."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        move = lambda seconds: traveller.shift(timedelta(seconds=seconds))  # noqa: E731
        monkeypatch.setattr(time, "sleep", move)
        monkeypatch.setattr(client, "BLIP_PAUSES_S", BLIP_PAUSES_S)
        yield move


@pytest.fixture
def two_names(devportal, wire, settings):
    """The portal is reached under the name it moves to as well."""
    renamed = devportal.portal.renamed_domain
    settings.SELF_HOSTED_PORTALS |= {renamed: Host(renamed, "127.0.0.1")}
    transport.mount(f"http://{renamed}", devportal.adapter)
    wire.applications |= {f"http://{renamed}": wire.applications[PORTAL]}


@pytest.fixture
def new_load(clock, settings, two_names, robots_on, signer, clerk, worker, vostok, mailoutbox):
    """Makes a load whose every third signs, declines, never answers."""
    wishes = (SIGN, DECLINE, IGNORE)
    return lambda: Load(
        vostok,
        intention=lambda number: wishes[number % 3],
        letters=lambda after: [(row.to[0], row.body) for row in mail.outbox[after:]],
    )


@pytest.fixture(autouse=True)
def plenty(settings):
    settings.FREE_SIGNATURES = UNITS


def live_on(load, worker, clock):
    """Work and mail, with the clock going to where something comes due."""
    jump_s, quiet = 0, 0
    for _step in range(STEPS):
        worker.run(passes=100)
        if load.read_mail():
            jump_s = quiet = 0
        if not load.open_processes():
            break
        quiet += not RobotCall.objects.filter(state=RobotCall.State.WAITING).exists()
        jump_s = min(jump_s * 2 or 15, LONGEST_JUMP_S)
        clock(A_TERM_S if quiet == PATIENCE else jump_s)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_process_is_answered_once_under_faults(
    new_load, worker, vostok, portal, devportal, clock, seed
):
    devportal.sleep = time.sleep
    devportal.faults.reseed(seed)
    random.seed(seed)  # the jitter of our own delays
    baseline, load = new_load(), new_load()
    since = len(devportal.requests.rows)
    for _document in range(BASELINE_DOCUMENTS):
        baseline.add(1)
        live_on(baseline, worker, clock)
    alone = traffic_of(baseline, since)
    since, units = len(devportal.requests.rows), ledger.available(portal)
    done_before = Document.objects.filter(status="completed").count()

    devportal.faults.set(dict.fromkeys(INJECTED, RATE))
    load.add(DOCUMENTS)
    live_on(load, worker, clock)
    traffic = traffic_of(load, since)
    devportal.faults.clear()
    Frame(vostok, cast.DIRECTOR)
    for _repeat in range(3):
        clock(1800)
        worker.run(passes=100)

    completed = Document.objects.filter(status="completed").count() - done_before
    rows = [
        *invariants.answered_once(baseline),
        *invariants.answered_once(load),
        invariants.refusals_are_true(load),
        invariants.outcomes_match_signers(load),
        invariants.requests_are_bounded(traffic.at_expected_rate(RATE), alone),
        invariants.within_rate_limit(devportal.overflows),
        invariants.balance_adds_up(units - ledger.available(portal), completed),
    ]
    assert all(row.holds for row in rows), invariants.table(rows)
    assert completed
    assert sum(devportal.faults.struck.values()) > DOCUMENTS
    call_command("verify_journal")
