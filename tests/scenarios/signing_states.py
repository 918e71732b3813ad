"""Every state of the signing page, reached the way it is reached in life."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from devportal.cast.papers import DEFAULT_TITLE, default_contract
from devportal.cast.people import VOSTOK
from documents import tasks
from documents.access.act_codes import Act
from documents.access.public_limits import TRIES_OF_LINK
from documents.after import annulling, sender_acts
from documents.core import flow
from documents.core.creation import Counterparty
from documents.models import Document, PortalSettings, Signer
from documents.signer.services import Visit
from employees.models import OneTimeCode
from employees.signatures import codes
from signing.intake import Intake, take_in
from signx.limits import spend
from tests import factories
from tests.documents.codes import code_of
from tests.factories import NOON
from tests.scenarios.signing import Letterbox, Setting, people, somebody


def read(at: Setting) -> None:
    contract = take_in(default_contract(VOSTOK))
    at.open(at.invite(pdf=contract, source_bytes=contract.pdf, title=DEFAULT_TITLE))
    at.page.locator("[data-sheet] svg").first.wait_for(state="attached")


def contents(at: Setting) -> None:
    paper = _long_paper()
    at.open(at.invite(pdf=paper, source_bytes=paper.pdf))
    at.page.locator(".contents summary").click()


def as_text(at: Setting) -> None:
    at.open(at.invite(), "text/")


def agree(at: Setting) -> None:
    at.open(at.invite(agreement="Y"), "sign/")


def agree_not_ticked(at: Setting) -> None:
    agree(at)
    at.press("Получить код")
    at.page.get_by_role("alert").wait_for()


def agreed_before(at: Setting) -> None:
    person = somebody()
    first = at.invite(agreement="Y", counterparty=person)
    at.app.run(factories.accept_agreement, first.document, at=timezone.now())
    at.open(at.invite(agreement="Y", counterparty=person), "sign/")


def address_changed(at: Setting) -> None:
    at.open(at.invite(), "sign/")
    at.press("Сообщить отправителю")
    at.page.get_by_role("status").wait_for()


def code(at: Setting) -> None:
    at.ask_for_code()


def code_wrong(at: Setting) -> None:
    letter = at.ask_for_code()
    at.type_code(f"{(int(letter.code()) + 1) % 1_000_000:06d}")
    at.page.get_by_role("alert").wait_for()


def too_many_codes(at: Setting) -> None:
    letter = at.invite()
    for number in range(codes.CODES_PER_DAY):
        at.app.run(
            codes.issue,
            purpose="sign_document",
            subject=f"earlier:{number}",
            address=letter.signer.email,
            bound_to="",
            at=NOON,
        )
    at.open(letter, "sign/")
    at.press("Получить код")
    at.page.get_by_text("code_limit").wait_for()


def too_many_tries(at: Setting) -> None:
    letter = at.ask_for_code()
    key, uses = f"signer:{letter.signer.pk}", TRIES_OF_LINK.uses
    at.app.run(spend, TRIES_OF_LINK, key, at=timezone.now(), uses=uses)
    at.type_code("000000")
    at.page.get_by_text("limit_reached").wait_for()


def finalising(at: Setting) -> Letterbox:
    letter = at.ask_for_code()
    at.type_code(letter.code())
    at.page.get_by_role("heading", name="Вы подписали").wait_for()
    return letter


def done(at: Setting) -> Letterbox:
    letter = finalising(at)
    # The page loads itself again when the files are made, which would abort our own loading of it.
    at.page.goto("about:blank")
    at.app.run(tasks.seal, letter.document.pk)
    return at.open(letter)


def signed_next_waits(at: Setting) -> None:
    others = [somebody(), Counterparty("Котова Дарья Юрьевна", "kotova@partner.example", turn=2)]
    letter = at.invite(counterparty=None, counterparties=others)
    at.open(letter, "sign/")
    at.press("Получить код")
    at.page.wait_for_url("**/code/**")
    at.type_code(letter.code())
    at.page.get_by_role("heading", name="Вы подписали").wait_for()


def decline(at: Setting) -> None:
    at.open(at.invite(), "decline/")


def decline_without_reason(at: Setting) -> None:
    decline(at)
    at.press("Отказаться")
    at.page.get_by_role("alert").wait_for()


def declined(at: Setting) -> None:
    decline(at)
    at.page.get_by_role("radio").nth(1).check()
    at.page.locator("textarea").fill("В пункте 4.2 неверная сумма")
    at.press("Отказаться")
    at.page.wait_for_url(lambda url: not url.endswith("decline/"))


def declined_by_other(at: Setting) -> None:
    other = Counterparty("Котова Дарья Юрьевна", "kotova@partner.example", crm_contact_id=6)
    letter = at.invite(counterparty=None, counterparties=[somebody(), other])
    refuser = at.app.run(letter.document.signers.get, key="3")
    evidence = at.app.run(factories.evidence_for, letter.document)
    at.app.run(flow.signer_declined, refuser.pk, "Сроки не подходят", evidence, timezone.now())
    at.open(letter)


def not_your_turn(at: Setting) -> None:
    letter = at.invite()
    at.app.run(letter.document.signers.filter(key="1").update, status="pending")
    at.open(letter)


def withdrawn(at: Setting) -> None:
    letter = at.invite()
    sender = at.app.run(factories.make_employee, at.office, next(people))
    reason = "Ошибка в сумме"
    at.app.run(
        sender_acts.cancel_document, letter.document, by=sender, reason=reason, at=timezone.now()
    )
    at.open(letter)


def expired(at: Setting) -> Letterbox:
    letter = at.invite()
    row = Document.objects.filter(pk=letter.document.pk)
    at.app.run(row.update, expires_at=timezone.now() - timedelta(days=1))
    return at.open(letter)


def expired_asked(at: Setting) -> None:
    expired(at)
    at.press("Попросить новую ссылку")
    at.page.get_by_role("status").wait_for()


def replaced(at: Setting) -> None:
    letter = at.invite()
    sender = at.app.run(factories.make_employee, at.office, next(people))
    signer = letter.signer
    at.app.run(sender_acts.resend_invitation, signer, by=sender, at=timezone.now())
    at.open(letter)


def annulled(at: Setting) -> None:
    letter = done(at)
    over = Document.Status.ANNULLED
    at.app.run(flow.move, letter.document.pk, over, actor="system", at=timezone.now())
    at.open(letter)


def annul(at: Setting) -> None:
    at.open(done(at), "annul/")


def hand_over(at: Setting) -> None:
    at.app.run(PortalSettings.objects.filter(portal=at.office).update, may_delegate=True)
    at.open(at.invite(), "delegate/")


def hand_over_code(at: Setting) -> Letterbox:
    at.app.run(PortalSettings.objects.filter(portal=at.office).update, may_delegate=True)
    letter = at.open(at.invite(), "delegate/")
    at.page.locator("input[name=name]").fill("Громова Елена Юрьевна")
    at.page.locator("input[name=email]").fill("gromova@zakazchik.example")
    at.press("Прислать код на")
    at.page.locator("input[name=code]").wait_for()
    return letter


def handed_over(at: Setting) -> None:
    letter = hand_over_code(at)
    at.page.locator("input[name=code]").fill(letter.code())
    at.press("Передать")
    at.page.wait_for_url("**/delegate/done/")


def annul_code(at: Setting) -> Letterbox:
    letter = at.open(done(at), "annul/")
    at.page.locator("textarea").fill("Стороны заключили новый договор")
    at.press("Прислать код на")
    at.page.locator("input[name=code]").wait_for()
    return letter


def annul_signed(at: Setting) -> Letterbox:
    letter = annul_code(at)
    at.page.locator("input[name=code]").fill(letter.code())
    at.press("Подписать аннулирование")
    at.page.get_by_role("status").wait_for()
    return letter


def annul_proposed(at: Setting) -> None:
    """By the company: the other side reads it and answers."""
    letter = done(at)
    at.app.run(_propose_as_company, letter.document)
    at.open(letter, "annul/")


def annul_refusal_code(at: Setting) -> None:
    annul_proposed(at)
    at.press("Отказаться от аннулирования")
    at.page.locator("input[name=code]").wait_for()


def code_expired(at: Setting) -> None:
    at.ask_for_code()
    at.app.run(OneTimeCode.objects.update, expires_at=NOON)
    at.page.reload()


def code_by_sms(at: Setting) -> None:
    channel = PortalSettings.objects.filter(portal=at.office).update
    at.app.run(channel, code_channel="sms")
    letter = at.invite(counterparty=somebody(phone="+7 912 000-11-22"))
    at.app.run(channel, code_channel="email")
    at.open(letter, "sign/")
    at.press("Получить код")
    at.page.wait_for_url("**/code/**")


def stale_page(at: Setting) -> None:
    at.open(at.invite(), "sign/")
    at.page.context.clear_cookies()
    at.press("Получить код")
    at.page.get_by_text("request_forged").wait_for()


def preparing(at: Setting) -> None:
    letter = at.invite()
    at.app.run(Document.objects.filter(pk=letter.document.pk).update, status="draft")
    at.open(letter)


def busy(at: Setting) -> None:
    letter = at.invite()
    at.app.run(_execute, "ALTER TABLE documents_signer RENAME TO documents_signer_away")
    try:
        at.open(letter)
    finally:
        at.app.run(_execute, "ALTER TABLE documents_signer_away RENAME TO documents_signer")


def nothing_here(at: Setting) -> None:
    at.open(at.invite(), "file/signed/")


STATES: dict[str, Callable[[Setting], object]] = {
    state.__name__: state
    for state in (
        read,
        contents,
        as_text,
        agree,
        agree_not_ticked,
        agreed_before,
        address_changed,
        code,
        code_wrong,
        too_many_codes,
        too_many_tries,
        finalising,
        done,
        signed_next_waits,
        decline,
        decline_without_reason,
        declined,
        declined_by_other,
        not_your_turn,
        withdrawn,
        expired,
        expired_asked,
        replaced,
        annulled,
        annul,
        hand_over,
        hand_over_code,
        handed_over,
        annul_code,
        annul_signed,
        annul_proposed,
        annul_refusal_code,
        code_expired,
        code_by_sms,
        stale_page,
        preparing,
        busy,
        nothing_here,
    )
}


def _propose_as_company(document: Document) -> None:
    signer = Signer.objects.select_related("document__portal").get(document=document, key="1")
    visit = Visit(session_key="s" * 43)
    reason, now = "Стороны заключили новый договор", timezone.now()
    annulling.request_code(signer, reason, visit, at=now)
    code = code_of(signer, Act.ANNUL)
    annulling.sign(signer, reason, code, visit, at=now)


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _long_paper() -> Intake:
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=A4, invariant=True)
    for number in range(1, 13):
        canvas.drawString(60, 780, f"24-117 / {number}")
        canvas.showPage()
    canvas.save()
    return take_in(output.getvalue())
