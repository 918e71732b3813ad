"""A worker killed between the authorization server's answer and the commit of the new pair."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection, connections
from django.utils import timezone
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from bitrix24.models import PortalToken
from bitrix24.rest import client
from bitrix24.tokens import oauth
from devportal import cast
from devportal.app import create_app
from devportal.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
ROOT = Path(__file__).resolve().parents[2]


class LockedDatabase:
    """devportal, which takes a lock on the tokens before it answers a refresh: from there on the
    one who asked has the new pair in his memory and cannot store it."""

    def __init__(self, world: World) -> None:
        self.app = create_app(world)
        self.answered, self.release = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] != "/oauth/token/":
            return self.app(environ, start_response)
        locked = threading.Event()
        threading.Thread(target=self._hold, args=(locked,), daemon=True).start()
        assert locked.wait(10)
        answer = self.app(environ, start_response)
        return ClosingIterator(answer, self.answered.set)

    def _hold(self, locked: threading.Event) -> None:
        own = connections.create_connection("default")
        own.set_autocommit(False)
        with own.cursor() as cursor:
            if own.vendor == "postgresql":
                cursor.execute("LOCK TABLE bitrix24_portaltoken IN EXCLUSIVE MODE")
            else:
                cursor.execute("UPDATE bitrix24_portaltoken SET is_admin = is_admin")
        locked.set()
        self.release.wait(30)
        if own.vendor == "postgresql":
            # Its server would still do what a dead client has asked for: the power is cut to both.
            with own.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                )
        own.rollback()
        own.close()


@contextmanager
def served(world: World) -> Iterator[tuple[LockedDatabase, int]]:
    application = LockedDatabase(world)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield application, server.server_port
    finally:
        application.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


def start_worker(token: PortalToken, port: int) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}@/{database['HOST']}/{database['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bitrix24.refresh_once", str(token.pk)],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "signx.settings",
            "DATABASE_URL": url,
            "BITRIX24_AUTH_SERVERS": f"http://127.0.0.1:{port}",
            "SELF_HOSTED_PORTALS": f"127.0.0.1:{port}@127.0.0.1",
            "BITRIX24_CLIENT_ID": project.BITRIX24_CLIENT_ID,
            "BITRIX24_CLIENT_SECRET": project.BITRIX24_CLIENT_SECRET,
        },
    )


def test_the_portal_is_served_by_the_next_administrator(portal, world, open_app, time_machine):
    world.portal.users[cast.CLERK].is_admin = True
    open_app(cast.CLERK)
    token = PortalToken.objects.get(bitrix_user_id=cast.CLERK)
    with served(world) as (server, port):
        worker = start_worker(token, port)
        try:
            assert server.answered.wait(30)
        finally:
            worker.kill()
            worker.wait()
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)

    profile = client.call(portal, "profile")

    lost = PortalToken.objects.get(pk=token.pk)
    assert lost.refresh_token == token.refresh_token  # the new one died with the worker
    assert lost.dead_reason == oauth.LOST
    assert int(profile["ID"]) == cast.DIRECTOR


def test_a_server_that_answers_a_repeat_gives_the_pair_once_more(portal, world, time_machine):
    world.ways.choose({"refresh_reuse": "accepted"})
    token = PortalToken.objects.get()
    with served(world) as (server, port):
        worker = start_worker(token, port)
        try:
            assert server.answered.wait(30)
        finally:
            worker.kill()
            worker.wait()
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)

    assert int(client.call(portal, "profile")["ID"]) == cast.DIRECTOR

    assert PortalToken.objects.get().refresh_token != token.refresh_token
