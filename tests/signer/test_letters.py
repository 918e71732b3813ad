"""The letters a signer gets: the same in text and HTML, plain, in the signer's language."""

from __future__ import annotations

import re

import pytest

from documents import tasks
from documents.core.creation import Counterparty
from outbox.base import Letter
from outbox.models import Delivery
from outbox.services import content
from tests.signer.conftest import Invite, Invited


def _letter(kind: str, **lookup: object) -> Letter:
    letter = content(Delivery.objects.filter(kind=kind, **lookup).latest("pk"))
    assert isinstance(letter, Letter)
    return letter


def _unsent(invited: Invited) -> Delivery:
    """The invitation again, as if the mail server had not taken it yet."""
    delivery = Delivery.objects.get(kind="invitation")
    delivery.secret, delivery.state = f'{{"token": "{invited.token}"}}', Delivery.State.PENDING
    delivery.save()
    return delivery


def test_the_invitation_names_who_asks_what_and_until_when(invited: Invited) -> None:
    letter = content(_unsent(invited))

    assert isinstance(letter, Letter)
    assert letter.to == "ilin@zakazchik.example"
    assert "ООО «Контора»" in letter.subject
    for body in (letter.text, letter.html):
        assert f"http://signx.test/s/{invited.token}/" in body
        assert "Договор оказания услуг № 24-117" in body
        assert "08.12.2026, 15:00 (МСК,\N{NO-BREAK SPACE}UTC+3)" in body


@pytest.mark.parametrize("status", ["cancelled", "declined", "completed"])
def test_an_invitation_to_a_closed_document_is_not_sent(invited: Invited, status: str) -> None:
    delivery = _unsent(invited)
    assert content(delivery) is not None
    invited.document.status = status
    invited.document.save()

    assert content(delivery) is None


def test_an_invitation_with_a_replaced_link_is_not_sent(invited: Invited) -> None:
    delivery = _unsent(invited)
    assert content(delivery) is not None
    invited.document.signers.update(link_hash="0" * 64)

    assert content(delivery) is None


def test_the_code_letter_holds_the_code_and_not_the_link(invited: Invited) -> None:
    code = invited.ask_for_code()

    letter = _letter("signing_code")

    assert code in letter.text and code in letter.html
    assert code not in letter.subject
    assert invited.token not in letter.text + letter.html


def test_the_signed_copy_carries_the_files(newcomer: Invited) -> None:
    newcomer.post("code/", code=newcomer.ask_for_code())
    tasks.seal(newcomer.document.pk)

    letter = _letter("signed_copy", payload__signer=newcomer.signer.pk)

    assert len(letter.attachments) == 3
    assert all(file.content.startswith(b"%PDF-") for file in letter.attachments)
    assert all(file.media_type == "application/pdf" for file in letter.attachments)
    assert newcomer.document.verification_url in letter.text


def test_files_too_big_for_a_letter_stay_behind(newcomer: Invited) -> None:
    newcomer.post("code/", code=newcomer.ask_for_code())
    tasks.seal(newcomer.document.pk)
    newcomer.document.files.filter(kind="signed").update(size_bytes=20 * 1024 * 1024)

    letter = _letter("signed_copy", payload__signer=newcomer.signer.pk)

    assert letter.attachments == ()
    assert newcomer.document.verification_url in letter.text


def test_a_letter_loads_nothing_and_follows_nobody(invited: Invited) -> None:
    html = content(_unsent(invited)).html  # type: ignore[union-attr]

    assert not re.findall(r"<(?:img|link|script|iframe|table)\b|url\(", html)
    assert set(re.findall(r'href="([^"]+)"', html)) == {
        f"http://signx.test/s/{invited.token}/",
        "mailto:support@signx.test",
    }


def test_names_from_the_crm_are_only_words_in_a_letter(invite: Invite) -> None:
    invited = invite(
        title="Договор\r\nBcc: all@zakazchik.example <img src=x>",
        counterparty=Counterparty(
            name="<b>Ильин</b>", email="ilin@zakazchik.example", crm_contact_id=5
        ),
    )

    letter = content(_unsent(invited))

    assert isinstance(letter, Letter)
    assert "\n" not in letter.subject and "\r" not in letter.subject
    assert "<img" not in letter.html and "<b>Ильин" not in letter.html
    assert "<b>Ильин</b>" in letter.text  # text is not HTML: nothing to escape


def test_a_letter_speaks_the_signers_language(invited: Invited) -> None:
    invited.document.signers.update(language="en")

    letter = content(_unsent(invited))

    assert isinstance(letter, Letter)
    assert letter.subject == "ООО «Контора» asks you to sign “Договор оказания услуг № 24-117”"
    assert '<html lang="en">' in letter.html
    assert "8 Dec 2026, 15:00 (MSK,\N{NO-BREAK SPACE}UTC+3)" in letter.text


@pytest.mark.parametrize(("why", "is_over"), [("reminder", False), ("new_link", True)])
def test_a_new_link_says_that_the_older_one_is_over(
    invited: Invited, why: str, is_over: bool
) -> None:
    invited.document.signers.update(language="en")
    delivery = _unsent(invited)
    delivery.payload = delivery.payload | {"why": why}

    letter = content(delivery)

    assert isinstance(letter, Letter)
    for body in (letter.text, letter.html):
        said = "The link from the earlier letter does not work any more" in body
        assert said is is_over


def test_the_address_of_the_link_can_be_read_without_the_button(invited: Invited) -> None:
    letter = content(_unsent(invited))

    assert isinstance(letter, Letter)
    addresses = re.findall(r">(http[^<]+/s/[^<]+)</a>", letter.html)
    assert len(addresses) == 1
    assert addresses[0] in letter.text


def test_the_letter_comes_in_the_name_of_the_organisation(invited: Invited) -> None:
    invited.document.signers.update(language="en")

    letter = content(_unsent(invited))

    assert isinstance(letter, Letter)
    assert letter.sender == "ООО «Контора» via SIGNX"
