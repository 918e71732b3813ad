"""Workers that find the same expired token at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from bitrix24.models import PortalToken
from bitrix24.rest import client
from bitrix24.tokens import oauth

WORKERS = 4


@pytest.mark.django_db(transaction=True)
def test_one_of_them_refreshes_and_all_of_them_are_answered(portal, world):
    token = PortalToken.objects.get()
    world.auth.expire(token.access_token)
    since = len(world.requests.rows)
    start = Barrier(WORKERS)

    def ask(_number: int) -> int:
        start.wait()
        try:
            return int(client.call(portal, "profile")["ID"])
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(ask, range(WORKERS)))

    refreshes = [row for row in world.requests.rows[since:] if row.path == "/oauth/token/"]
    assert answers == [token.bitrix_user_id] * WORKERS
    assert len(refreshes) == 1
    assert PortalToken.objects.get().dead_at is None


def test_the_lease_outlives_the_slowest_refresh():
    slowest_s = oauth.REFRESH_TOTAL_S + sum(oauth.STORE_AGAIN_S)

    assert oauth.LEASE.total_seconds() > slowest_s
