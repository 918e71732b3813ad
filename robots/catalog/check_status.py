"""«Проверить статус документа»: answers at once, at the next change, or when signing is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bitrix24.models import Portal
from documents.crm.references import UnreadableReference, read_source
from documents.models import Document, WorkflowSubscription
from documents.news.replies import subscribe
from robots import base
from robots.models import RobotCall
from robots.outputs import OUTPUTS
from robots.parameters import ChoiceParameter, TextParameter
from robots.words import Words
from signx.errors import ErrorCode, SignXError

WaitFor = WorkflowSubscription.WaitFor


class StatusInput(base.RobotInput):
    document = TextParameter(
        longest=60,
        title=Words(
            ru="ID документа SIGNX или исходной транзакции",
            kz="SIGNX құжатының немесе бастапқы транзакцияның ID-і",
            en="ID of the SIGNX document or of the source transaction",
        ),
        hint=Words(
            ru="Результат «ID документа SIGNX» робота отправки. По ID исходной транзакции "
            "берётся последний отправленный документ.",
            kz="Жіберу роботының «SIGNX құжатының ID-і» нәтижесі. Бастапқы транзакцияның ID-і "
            "бойынша соңғы жіберілген құжат алынады.",
            en="The result “SIGNX document ID” of the sending robot. By a source transaction ID "
            "the latest document sent is taken.",
        ),
    )
    wait_for = ChoiceParameter(
        default=WaitFor.NOW,
        options={
            WaitFor.NOW: Words(ru="Сразу", kz="Бірден", en="At once"),
            WaitFor.CHANGE: Words(
                ru="При следующем изменении статуса",
                kz="Күйдің келесі өзгерісі кезінде",
                en="At the next change of the status",
            ),
            WaitFor.FINAL: Words(
                ru="Когда подписание завершено", kz="Қол қою аяқталғанда", en="When signing is over"
            ),
        },
        title=Words(ru="Когда ответить", kz="Қашан жауап беру керек", en="When to answer"),
        hint=Words(
            ru="Если процесс ждёт, задайте в роботе время ожидания. У подписанного всеми документа "
            "следующее изменение — предложение аннулировать его, отказ или аннулирование.",
            kz="Процесс күтетін болса, роботта күту уақытын белгілеңіз. Барлығы қол қойған "
            "құжаттың келесі өзгерісі — күшін жою ұсынысы, одан бас тарту немесе күшін жою.",
            en="When the process waits, set a waiting time in the robot. For a document signed by "
            "all the next change is a proposal to annul it, a refusal of that, or the annulment.",
        ),
    )


@dataclass(frozen=True)
class StatusGiven:
    document: str
    wait_for: str


class CheckStatus(base.Robot[StatusGiven, StatusGiven]):
    code = "signx_status"
    name = Words(
        ru="Проверить статус документа",
        kz="Құжаттың күйін тексеру",
        en="Check the status of a document",
    )
    description = Words(
        ru="Возвращает в процесс статус документа SIGNX и подписанные файлы: сразу, при изменении "
        "или когда подписание завершено.",
        kz="SIGNX құжатының күйін және қол қойылған файлдарды процеске қайтарады: бірден, күй "
        "өзгергенде немесе қол қою аяқталғанда.",
        en="Gives the process the status of a SIGNX document and the signed files: at once, at a "
        "change, or when signing is over.",
    )
    Input = StatusInput
    Given = StatusGiven
    outputs = OUTPUTS
    may_repeat = True  # it only reads

    def prepare(self, call: RobotCall, given: StatusGiven, at: datetime) -> StatusGiven:
        return given

    def run(self, call: RobotCall, plan: StatusGiven, at: datetime) -> Document:
        document = find_document(call.portal, plan.document)
        if call.wants_reply:
            subscribe(
                document,
                robot_code=self.code,
                event_token=call.event_token,
                wait_for=plan.wait_for,
                at=at,
            )
        return document


def find_document(portal: Portal, text: str) -> Document:
    """By SIGNX's own id, also as printed («7kqm-29xd-fhp3»), else the newest of a source id.

    Raises SignXError(DOCUMENT_NOT_FOUND).
    """
    documents = Document.objects.for_portal(portal)
    own = documents.filter(public_id=text.replace("-", "").lower())
    found = own.first() or documents.filter(source_id=_source_id(text)).order_by("-pk").first()
    if found is None:
        raise SignXError(ErrorCode.DOCUMENT_NOT_FOUND, "unknown to SIGNX", document=text)
    return found


def _source_id(text: str) -> str:
    try:
        return str(read_source(text))
    except UnreadableReference:
        return text
