"""Between a code and the signature under the lock nobody else takes the signer's place."""

from __future__ import annotations

from typing import Any

import pytest

from documents.access import act_codes
from documents.access.act_codes import Act
from documents.after import sender_acts
from documents.models import Document, Signer
from documents.signer import services as signer_services
from documents.signer.services import Visit
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.documents.codes import code_of
from tests.factories import NOON

VISIT = Visit(ip="203.0.113.7", user_agent="Mozilla/5.0", session_key="s" * 43)


def move(signer: Signer) -> None:
    by = factories.make_employee(signer.document.portal, 41, "Зайцев Илья Олегович")
    sender_acts.change_address(signer, "novyj@zakazchik.example", by=by, at=NOON)


def test_a_change_of_the_address_in_between_signs_nothing(
    sent: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = factories.counterparty_of(sent)
    signer_services.request_code(signer, VISIT, at=NOON)
    code = code_of(signer, Act.SIGN)
    check = act_codes.check

    def check_and_move(*arguments: Any, **named: Any) -> None:
        check(*arguments, **named)
        move(factories.counterparty_of(sent))

    monkeypatch.setattr(act_codes, "check", check_and_move)
    with pytest.raises(SignXError) as refusal:
        signer_services.confirm(signer, code, VISIT, at=NOON)

    assert refusal.value.code == ErrorCode.LINK_INVALID
    assert factories.counterparty_of(sent).status == Signer.Status.PENDING
    assert Document.objects.get(pk=sent.pk).status == Document.Status.SENT


def test_a_page_opened_before_the_change_declines_nothing(sent: Document) -> None:
    before = factories.counterparty_of(sent)
    move(factories.counterparty_of(sent))

    with pytest.raises(SignXError) as refusal:
        signer_services.decline(before, "Не мой документ", VISIT, at=NOON)

    assert refusal.value.code == ErrorCode.LINK_INVALID
    assert Document.objects.get(pk=sent.pk).status == Document.Status.SENT
