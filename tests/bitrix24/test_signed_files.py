"""Links for downloads and images: for one purpose, one object, one session, a few minutes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone

from bitrix24.frame.session import check_signed_file, signed_file_token
from bitrix24.models import FrameSession, Portal
from devportal import cast
from signx.errors import ErrorCode, SignXError

pytestmark = pytest.mark.django_db


@pytest.fixture
def frame(portal, open_app) -> FrameSession:
    open_app(cast.CLERK)
    return FrameSession.objects.latest("pk")


def refused(token: str, purpose: str = "page") -> bool:
    with pytest.raises(SignXError) as caught:
        check_signed_file(token, purpose)
    return caught.value.code == ErrorCode.LINK_INVALID


def test_a_link_names_its_session_and_object(frame):
    token = signed_file_token("page", "17:3", frame, 5)

    assert check_signed_file(token, "page") == (frame, "17:3")


def test_a_link_for_one_purpose_fits_no_other(frame):
    assert refused(signed_file_token("page", 17, frame), "document")


def test_a_link_ends_after_its_minutes(frame, time_machine):
    token = signed_file_token("page", 17, frame, 5)

    time_machine.move_to(timezone.now() + timedelta(minutes=5, seconds=2), tick=False)

    assert refused(token)


@pytest.mark.parametrize(
    "ended",
    [
        lambda frame: frame.delete(),
        lambda frame: FrameSession.objects.update(seen_at=frame.seen_at - timedelta(hours=2)),
        lambda frame: FrameSession.objects.update(created_at=frame.seen_at - timedelta(hours=13)),
        lambda frame: Portal.objects.update(status=Portal.Status.UNINSTALLED),
    ],
)
def test_a_link_ends_with_its_session(frame, ended):
    token = signed_file_token("page", 17, frame, 60)

    ended(frame)

    assert refused(token)


def test_a_changed_link_is_refused(frame):
    token = signed_file_token("page", 17, frame)
    payload, rest = token.split(":", 1)

    assert refused(f"{payload[:-2]}AA:{rest}")
    assert refused(f"{token}A")
    assert refused("")
    assert refused("no:such:link")


def test_a_value_signed_for_something_else_is_no_link(frame):
    link = {"p": "page", "o": "17", "f": frame.pk, "e": 2**40}

    assert refused(signing.dumps(link, salt="another"))
