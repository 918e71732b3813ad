"""Settings of mailboxes and gateways: what is written, and what stops the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from signx import env


def test_a_mailbox_is_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX", "imaps://bounces%40signx.example:p%2Fw@mail.signx.example/Returned")

    box = env.mailbox("BOX")

    assert box == env.Mailbox(
        True, True, "mail.signx.example", 993, "bounces@signx.example", "p/w", "Returned"
    )


def test_pop3_has_a_port_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX", "pop3://bounces:secret@mail.signx.example:1110")

    box = env.mailbox("BOX")

    assert box is not None
    assert (box.is_imap, box.is_encrypted, box.port, box.folder) == (False, False, 1110, "INBOX")


@pytest.mark.parametrize("value", ["https://mail.example", "imaps://mail.example", "bounces"])
def test_another_address_stops_the_start_and_names_itself(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("BOX", value)

    with pytest.raises(ImproperlyConfigured, match="BOX"):
        env.mailbox("BOX")


def test_a_word_out_of_the_list_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE", "smsq")

    with pytest.raises(ImproperlyConfigured, match="GATE must be one of smsc, smsru"):
        env.choice("GATE", ("", "smsc", "smsru"))
    assert env.choice("OTHER", ("", "smsc")) == ""


def test_what_is_needed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIVEN", "x")

    env.needed("GIVEN")
    with pytest.raises(ImproperlyConfigured, match="ABSENT must be set"):
        env.needed("GIVEN", "ABSENT")
