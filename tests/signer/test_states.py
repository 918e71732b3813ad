"""Every state a link can be in is a page with a next step; the link never just breaks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from time_machine import Traveller

from bitrix24.models import Portal
from documents import tasks
from documents.access.links import READABLE_AFTER_CLOSE, LinkState, open_link, state_of
from documents.after import sender_acts
from documents.core import flow
from documents.core.creation import Counterparty
from documents.models import Document, PortalSettings
from employees.models import Employee
from journal.sentences import sentence
from journal.services import chain_of
from outbox.base import Letter
from outbox.models import Delivery
from outbox.services import content
from outbox.tasks import forget_delivered
from signx.errors import ErrorCode, SignXError
from tests import factories
from tests.factories import NOON
from tests.signer.conftest import Invite, Invited


def _state(invited: Invited) -> LinkState:
    signer = open_link(invited.token, at=NOON)
    return state_of(signer, at=NOON)


def _sign(invited: Invited) -> None:
    invited.post("code/", code=invited.ask_for_code())


def test_a_fresh_link_is_ready(invited: Invited) -> None:
    assert _state(invited) == LinkState.READY


def test_a_link_opened_before_the_mail_server_has_answered_is_ready(invited: Invited) -> None:
    Document.objects.filter(pk=invited.document.pk).update(status="sending")

    assert _state(invited) == LinkState.READY
    invited.post("viewed/")
    assert invited.status() == ("sent", "viewed")


def test_a_replaced_link_says_that_there_is_a_newer_letter(invited: Invited) -> None:
    sender_acts.resend_invitation(
        invited.signer, by=factories.make_employee(invited.document.portal, 31), at=NOON
    )

    page = invited.get()

    assert page.status_code == 410
    assert "link_invalid" in page.content.decode()


def test_an_expired_link_offers_to_ask_for_a_new_one_once_a_day(
    invited: Invited, clock: Traveller
) -> None:
    clock.shift(timedelta(days=15))
    assert invited.url("ask/") in invited.get().content.decode()
    notices = Delivery.objects.filter(key__startswith="asked:")

    for _press in range(2):
        assert invited.post("ask/")["Location"] == invited.url("?asked=1")

    (notice,) = notices
    (event,) = chain_of(invited.document.subject).filter(kind="signer_asked")
    assert event.data == {"signer": "2", "request": "new_link"}
    assert sentence(event) == "Ильин Пётр Андреевич asked for a new link"
    assert notice.payload["params"]["USER_ID"] == 12
    assert "Ильин Пётр Андреевич" in notice.payload["params"]["MESSAGE"]
    assert invited.url("ask/") not in invited.get(asked="1").content.decode()


def test_an_expired_link_does_not_sign_even_before_the_sweep(
    invited: Invited, clock: Traveller
) -> None:
    code = invited.ask_for_code()
    clock.shift(timedelta(days=15))

    assert invited.post("code/", code=code)["Location"] == invited.url()
    assert invited.status() == ("sent", "viewed")
    assert invited.get("page/1/144/").status_code == 404


def test_a_refusal_is_final_and_tells_its_reason(invited: Invited) -> None:
    answer = invited.post("decline/", reason="mistake", text="Неверный ИНН <b>")

    assert answer["Location"] == invited.url()
    assert invited.status() == ("declined", "declined")
    page = invited.get().content.decode()
    assert "Неверный ИНН &lt;b&gt;" in page
    assert invited.post("sign/")["Location"] == invited.url()
    assert not Delivery.objects.filter(kind="signing_code").exists()


def test_a_refusal_needs_a_reason(invited: Invited) -> None:
    for form in ({}, {"reason": "nonsense"}, {"reason": "other"}, {"reason": "other", "text": " "}):
        assert invited.post("decline/", **form).status_code == 422

    assert invited.status() == ("sent", "pending")


def test_a_refusal_in_own_words_keeps_only_the_words(invited: Invited) -> None:
    invited.post("decline/", reason="other", text="Передумали")

    assert invited.signer.decline_reason == "Передумали"


def test_what_was_typed_is_not_lost_with_an_error(invited: Invited) -> None:
    page = invited.post("decline/", text="Долго писал причину").content.decode()

    assert "Долго писал причину" in page


def test_the_refusal_of_another_is_told_apart_from_ones_own(invited: Invited) -> None:
    flow.signer_declined(invited.signer.pk, "Не мы", factories.evidence_for(invited.document), NOON)
    invited.document.signers.filter(pk=invited.signer.pk).update(status="pending")

    assert _state(invited) == LinkState.DECLINED_BY_OTHER


def test_the_page_after_signing_waits_for_the_files_and_then_offers_them(
    invited: Invited,
) -> None:
    _sign(invited)
    page = invited.get().content.decode()
    assert "data-progress" in page
    assert invited.url("file/signed/") not in page

    tasks.seal(invited.document.pk)

    page = invited.get().content.decode()
    assert "data-progress" not in page
    assert invited.get("progress/").json() == {"status": "completed"}
    for kind in ("signed", "report"):
        assert invited.url(f"file/{kind}/") in page
        answer = invited.get(f"file/{kind}/")
        assert answer.content.startswith(b"%PDF-")
    for kind in ("source", "in_work", "agreement", "nonsense"):
        assert invited.get(f"file/{kind}/").status_code == 404


def test_the_page_promises_only_the_letter_that_is_there(invited: Invited) -> None:
    _sign(invited)
    invited.browser.cookies["django_language"] = "en"
    assert "A copy will come to i***@zakazchik.example" in invited.get().content.decode()

    tasks.seal(invited.document.pk)
    assert "A copy is on its way to" in invited.get().content.decode()

    factories.settle_deliveries("signed_copy")
    assert "A copy has been sent to" in invited.get().content.decode()

    forget_delivered(NOON + timedelta(days=365))
    assert "A copy has been sent to" in invited.get().content.decode()


def test_a_copy_that_could_not_be_sent_is_not_promised(invited: Invited) -> None:
    _sign(invited)
    tasks.seal(invited.document.pk)
    assert "zakazchik.example" in invited.get().content.decode()

    Delivery.objects.filter(kind="signed_copy").update(state=Delivery.State.DEAD)

    assert "zakazchik.example" not in invited.get().content.decode()


def test_the_accepted_agreement_comes_back_as_its_own_file(newcomer: Invited) -> None:
    _sign(newcomer)
    tasks.seal(newcomer.document.pk)

    answer = newcomer.get("file/agreement/")

    assert answer.status_code == 200
    assert newcomer.url("file/agreement/") in newcomer.get().content.decode()


def test_results_are_not_given_by_the_link_of_another_document(
    invited: Invited, invite: Invite
) -> None:
    _sign(invited)
    tasks.seal(invited.document.pk)
    other = invite(title="Акт № 9")

    assert other.get("file/signed/").status_code == 404


def test_long_after_the_end_the_link_opens_nothing(invited: Invited, clock: Traveller) -> None:
    _sign(invited)
    tasks.seal(invited.document.pk)
    clock.shift(READABLE_AFTER_CLOSE + timedelta(hours=1))

    assert invited.get().status_code == 410
    assert invited.get("file/signed/").status_code == 410


def test_an_annulled_document_says_when_and_why_and_leaves_the_files(invited: Invited) -> None:
    invited.document.signers.update(language="en")
    _sign(invited)
    tasks.seal(invited.document.pk, NOON + timedelta(hours=2))
    reason, at = "Стороны заключили новый договор", NOON + timedelta(days=3)
    document, annulled = invited.document.pk, Document.Status.ANNULLED
    flow.move(document, annulled, actor="system", detail=reason, at=at)

    page = invited.get().content.decode()

    assert _state(invited) == LinkState.ANNULLED
    for words in (reason, "Annulled: 27 Nov 2026, 15:00", "Signed by all parties: 24 Nov 2026"):
        assert words in page
    for kind in ("signed", "report"):
        assert invited.url(f"file/{kind}/") in page
        assert invited.get(f"file/{kind}/").status_code == 200
    assert f"/v/{invited.document.public_id}" in page
    record = Client().get(f"/v/{invited.document.public_id}").content.decode()
    assert "27" in record


@pytest.mark.parametrize(
    ("page", "form", "title"),
    [("decline/", {}, "Error: "), ("sign/", {}, "")],
)
def test_a_page_with_an_error_says_so_in_its_title(
    invited: Invited, page: str, form: dict[str, str], title: str
) -> None:
    invited.document.signers.update(language="en")

    answer = (invited.post if title else invited.get)(page, **form).content.decode()

    found = re.search(r"<title>([^<]+)</title>", answer)
    assert found is not None
    assert found[1].startswith(title or "Consent")


def test_who_has_declined_is_said_to_the_others(office: Portal) -> None:
    people = [
        Counterparty("Ильин Пётр Андреевич", "ilin@zakazchik.example", crm_contact_id=5),
        Counterparty("Громова Елена Юрьевна", "gromova@poruchitel.example", crm_contact_id=6),
    ]
    document = factories.make_sending(office, counterparty=None, counterparties=people)
    tasks.hand_over(document.pk, NOON)
    letters = Delivery.objects.filter(kind="invitation").order_by("pk")
    token = letters[1].open_secret()["token"]
    factories.settle_deliveries("invitation")
    document.signers.update(language="en")
    refuser = document.signers.get(key="2")
    evidence = factories.evidence_for(document)
    flow.signer_declined(refuser.pk, "Сроки не подходят", evidence, NOON)

    page = Client().get(f"/s/{token}/").content.decode()
    letter = content(Delivery.objects.get(kind="closed"))

    assert "Ильин Пётр Андреевич has declined to sign" in page
    assert isinstance(letter, Letter)
    assert "Ильин Пётр Андреевич has declined to sign" in letter.text


@pytest.mark.parametrize("has_admin", [True, False])
def test_a_request_for_help_reaches_somebody_or_says_so(invited: Invited, has_admin: bool) -> None:
    PortalSettings.objects.update(notices={"mail_rejected": []})
    Document.objects.update(sender=None, responsible=None)
    Employee.objects.update(is_active=False, is_portal_admin=False)
    if has_admin:
        boss = factories.make_employee(invited.document.portal, 1, "Хозяин Портала")
        Employee.objects.filter(pk=boss.pk).update(is_portal_admin=True)

    answer = invited.post("ask/")

    assert answer["Location"].endswith("?asked=1" if has_admin else "?asked=nobody")
    assert Delivery.objects.filter(key__startswith="asked:").count() == has_admin
    page = invited.browser.get(answer["Location"]).content.decode()
    assert ("Мы сообщили отправителю" in page) is has_admin


def test_a_signer_whose_address_has_changed_can_tell_the_sender(invited: Invited) -> None:
    answer = invited.post("ask/")

    assert answer["Location"] == invited.url("sign/?asked=1")
    (notice,) = Delivery.objects.filter(key__startswith="asked:")
    assert notice.payload["method"] == "im.notify.system.add"


def test_open_link_tells_nothing_about_why_it_refuses(invited: Invited) -> None:
    with pytest.raises(SignXError) as refusal:
        open_link("nothing", at=NOON)

    assert refusal.value.code == ErrorCode.LINK_INVALID
