"""«Отправить документ на подпись»: signs for the company and asks the other side to sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy

from bitrix24.models import Portal, PortalToken
from bitrix24.rest.client import BatchAnswer
from bitrix24.wire.errors import STALE_TOKEN, BitrixError
from documents.core import creation
from documents.core.creation import AgreementFile, NewDocument, Prepared
from documents.core.sending import send_prepared
from documents.crm import lookup
from documents.crm.references import ItemReference, PartyKind, PartyReference, SourceReference
from documents.models import Document, PortalSettings, WorkflowSubscription
from documents.news.replies import subscribe
from employees.balances import ledger
from employees.models import Employee, Right
from employees.people.directory import find_employee
from employees.signatures.signing_rights import signer_for_robots
from robots import base
from robots.calls import together
from robots.calls.proofs import Proofs, prove_together
from robots.models import RobotCall
from robots.outputs import OUTPUTS
from robots.parameters import (
    AgreementParameter,
    ChoiceParameter,
    CoordinatesParameter,
    ItemParameter,
    NumberParameter,
    PartyParameter,
    SourceParameter,
    UserParameter,
)
from robots.words import Words
from signx.errors import RETRYABLE, ErrorCode, SignXError

WaitFor = WorkflowSubscription.WaitFor
SigningOrder = PortalSettings.SigningOrder
AS_IN_SETTINGS = "settings"


class SendInput(base.RobotInput):
    document = SourceParameter(
        title=Words(
            ru="ID исходной транзакции",
            kz="Бастапқы транзакцияның ID-і",
            en="Source transaction ID",
        ),
        hint=Words(
            ru="Документ CRM: блок «Создание документа CRM», «Доп. результаты», «ИД созданного "
            "документа CRM». Файл с Диска: disk_9011 или n9011.",
            kz="CRM құжаты: «CRM құжатын жасау» блогы, «Қосымша нәтижелер», «Жасалған CRM "
            "құжатының ИД». Дискідегі файл: disk_9011 немесе n9011.",
            en="A CRM document: block “Create CRM document”, “More results”, “ID of the created "
            "CRM document”. A Disk file: disk_9011 or n9011.",
        ),
    )
    coordinates = CoordinatesParameter(
        default="",
        title=Words(
            ru="Координаты подписей",
            kz="Қолтаңбалардың координаттары",
            en="Signature coordinates",
        ),
        hint=Words(
            ru="1=страница:x:y; 2=страница:x:y, в миллиметрах от левого верхнего угла; -1 это "
            "последняя страница, * каждая. Или рядом с текстом: 1=@Продавец; 2=@Покупатель. "
            "Пусто: как в настройках SIGNX.",
            kz="1=бет:x:y; 2=бет:x:y, сол жақ жоғарғы бұрыштан миллиметрмен; -1 соңғы бет, * әр "
            "бет. Немесе мәтіннің жанына: 1=@Сатушы; 2=@Сатып алушы. Бос болса: SIGNX "
            "баптауларындағыдай.",
            en="1=page:x:y; 2=page:x:y, in millimetres from the top left corner; -1 is the last "
            "page, * every page. Or beside a text: 1=@Seller; 2=@Buyer. Empty: as in the "
            "settings of SIGNX.",
        ),
    )
    signer_company = UserParameter(
        title=Words(ru="Подписант, сторона 1", kz="Қол қоюшы, 1-тарап", en="Signer, side 1"),
        hint=Words(
            ru="Сотрудник, который подписывает за компанию. Его подпись включена в SIGNX, а "
            "e-mail подтверждён поддержкой.",
            kz="Компания атынан қол қоятын қызметкер. Оның қолтаңбасы SIGNX-те қосылған, ал "
            "e-mail-ін қолдау қызметі растаған.",
            en="The employee who signs for the company, with a signature turned on in SIGNX and "
            "an e-mail confirmed by support.",
        ),
    )
    signer_counterparty = PartyParameter(
        title=Words(ru="Подписант, сторона 2", kz="Қол қоюшы, 2-тарап", en="Signer, side 2"),
        hint=Words(
            ru="Контакт: 5 или C_5. Компания: CO_3, подпишет её основной контакт. Сотрудник для "
            "кадрового документа: user_7.",
            kz="Контакт: 5 немесе C_5. Компания: CO_3, оның негізгі контакты қол қояды. Кадр "
            "құжаты үшін қызметкер: user_7.",
            en="A contact: 5 or C_5. A company: CO_3, its main contact signs. An employee for an "
            "HR document: user_7.",
        ),
    )
    responsible = UserParameter(
        default=None,
        title=Words(ru="Ответственный", kz="Жауапты", en="Responsible"),
        hint=Words(
            ru="Получает уведомления. Должен иметь право отправлять документы или разрешение "
            "подписанта стороны 1.",
            kz="Хабарламалар алады. Құжаттарды жіберу құқығы немесе 1-тарап қол қоюшысының "
            "рұқсаты болуы керек.",
            en="Gets the notices. Needs the right to send documents or the permission of the "
            "signer of side 1.",
        ),
    )
    crm_entity = ItemParameter(
        default=None,
        title=Words(ru="ID сущности CRM", kz="CRM нысанының ID-і", en="CRM item ID"),
        hint=Words(
            ru="Сделка, к которой привязать документ: 315 или DEAL_315. Другие типы включаются в "
            "настройках SIGNX.",
            kz="Құжат байланыстырылатын мәміле: 315 немесе DEAL_315. Басқа түрлер SIGNX "
            "баптауларында қосылады.",
            en="The deal to bind the document to: 315 or DEAL_315. Other types are switched on "
            "in the settings of SIGNX.",
        ),
    )
    agreement = AgreementParameter(
        default=None,
        title=Words(ru="Доп. соглашение", kz="Қосымша келісім", en="Additional agreement"),
        hint=Words(
            ru="Пусто: как в настройках SIGNX. Y: подписать вместе с документом. N: без "
            "соглашения. ID документа: подписать этот документ как соглашение.",
            kz="Бос болса: SIGNX баптауларындағыдай. Y: құжатпен бірге қол қою. N: келісімсіз. "
            "Құжат ID-і: осы құжатқа келісім ретінде қол қою.",
            en="Empty: as in the settings of SIGNX. Y: signed along with the document. N: none. "
            "A document ID: that document is signed as the agreement.",
        ),
    )
    signing_order = ChoiceParameter(
        default=AS_IN_SETTINGS,
        options={
            AS_IN_SETTINGS: Words(
                ru="Как в настройках SIGNX",
                kz="SIGNX баптауларындағыдай",
                en="As in the settings of SIGNX",
            ),
            SigningOrder.COMPANY_FIRST: Words(
                ru="Сначала компания", kz="Алдымен компания", en="The company first"
            ),
            SigningOrder.COUNTERPARTY_FIRST: Words(
                ru="Сначала контрагент", kz="Алдымен контрагент", en="The counterparty first"
            ),
            SigningOrder.TOGETHER: Words(ru="Одновременно", kz="Бір уақытта", en="Both at once"),
        },
        title=Words(ru="Порядок подписания", kz="Қол қою реті", en="Signing order"),
        hint=Words(
            ru="Если первым подписывает контрагент, компания подписывает сразу после него.",
            kz="Алдымен контрагент қол қойса, компания одан кейін бірден қол қояды.",
            en="When the counterparty signs first, the company signs right after it.",
        ),
    )
    wait_for = ChoiceParameter(
        default=WaitFor.SENT,
        options={
            WaitFor.SENT: Words(
                ru="Когда документ отправлен",
                kz="Құжат жіберілгенде",
                en="When the document is sent",
            ),
            WaitFor.FINAL: Words(
                ru="Когда подписание завершено", kz="Қол қою аяқталғанда", en="When signing is over"
            ),
        },
        title=Words(
            ru="Когда продолжить процесс",
            kz="Процесті қашан жалғастыру керек",
            en="When the process goes on",
        ),
        hint=Words(
            ru="Подписание может занять дни: задайте в роботе время ожидания.",
            kz="Қол қою бірнеше күнге созылуы мүмкін: роботта күту уақытын белгілеңіз.",
            en="Signing may take days: set a waiting time in the robot.",
        ),
    )
    expires_in_days = NumberParameter(
        least=1,
        most=365,
        default=None,
        title=Words(ru="Срок подписания, дней", kz="Қол қою мерзімі, күн", en="Days to sign"),
        hint=Words(
            ru="От 1 до 365. Пусто: как в настройках SIGNX.",
            kz="1-ден 365-ке дейін. Бос болса: SIGNX баптауларындағыдай.",
            en="From 1 to 365. Empty: as in the settings of SIGNX.",
        ),
    )


@dataclass(frozen=True)
class SendGiven:
    document: SourceReference
    coordinates: str
    signer_company: int
    signer_counterparty: PartyReference
    responsible: int | None
    crm_entity: ItemReference | None
    agreement: bool | SourceReference | None
    signing_order: str
    wait_for: str
    expires_in_days: int | None


@dataclass(frozen=True)
class SendPlan:
    """A document checked through, its files stored, its rows not written yet."""

    new: NewDocument
    prepared: Prepared
    wait_for: str


class SendForSigning(base.Robot[SendGiven, SendPlan]):
    code = "signx_send"
    name = Words(
        ru="Отправить документ на подпись",
        kz="Құжатты қол қоюға жіберу",
        en="Send a document for signing",
    )
    description = Words(
        ru="SIGNX подписывает документ за компанию и приглашает подписать вторую сторону. В "
        "процесс возвращаются подписанные файлы, статус и код ответа.",
        kz="SIGNX құжатқа компания атынан қол қойып, екінші тарапты қол қоюға шақырады. Процеске "
        "қол қойылған файлдар, күй және жауап коды қайтарылады.",
        en="SIGNX signs the document for the company and asks the other side to sign. The process "
        "gets back the signed files, the status and a response code.",
    )
    Input = SendInput
    Given = SendGiven
    outputs = OUTPUTS

    def prepare(self, call: RobotCall, given: SendGiven, at: datetime) -> SendPlan:
        """The checks, in their fixed order: the first that fails is the answer of the robot."""
        portal = call.portal
        if ledger.available(portal) < 1:
            raise SignXError(ErrorCode.BALANCE_EMPTY, "checked before anything is read")
        prove_together(call)
        wanted = _wanted(given)
        kept = together.kept_answer(call, at) if call.is_genuine else None
        facts = lookup.facts(portal, wanted, kept or self._ask(call, at))
        signer, responsible = _people(portal, given, at)
        try:
            return self._plan(given, facts, signer, responsible, at)
        except (SignXError, lookup.StillConverting) as error:
            if not _may_be_outdated(error, is_kept=kept is not None):
                raise
        facts = lookup.facts(portal, wanted, self._ask(call, at))
        return self._plan(given, facts, signer, responsible, at)

    def _plan(
        self,
        given: SendGiven,
        facts: lookup.Facts,
        signer: Employee,
        responsible: Employee | None,
        at: datetime,
    ) -> SendPlan:
        """Fetch, clean and check the papers that the portal has told of."""
        portal = facts.portal
        settings = PortalSettings.objects.of(portal)
        paper = facts.document()
        source, intake = lookup.fetch(portal, paper, keeps_signatures=settings.adds_to_signed)
        agreement = _agreement_file(portal, facts)
        counterparty = facts.counterparty()
        crm_entity = facts.crm_entity(settings.allowed_entity_types)
        new = NewDocument(
            portal=portal,
            title=paper.title or str(given.document),
            source_id=str(given.document),
            pdf=intake,
            source_bytes=source,
            sender=responsible or signer,
            responsible=responsible,
            signer_company=signer,
            counterparty=counterparty,
            crm_entity=crm_entity,
            coordinates=given.coordinates,
            agreement=_agreement_wish(given.agreement),
            agreement_file=agreement,
            expires_in_days=given.expires_in_days,
            language=portal.language,
            delegate=_delegate(responsible),
            signing_order="" if given.signing_order == AS_IN_SETTINGS else given.signing_order,
        )
        return SendPlan(new, creation.prepare(new, at=at), given.wait_for)

    def _ask(self, call: RobotCall, at: datetime) -> BatchAnswer:
        """One request for papers and people; the proof of a call that came alone and the questions
        of other calls go along."""
        return together.ask(
            call, self._questions, proofs=Proofs.of(call), as_user=_reader(call), at=at
        )

    def _questions(self, call: RobotCall) -> together.Questions:
        given = self.read(call.properties)
        wanted = _wanted(given)
        return together.Questions(
            lookup.questions(wanted),
            _employees_of(given),
            is_too_early=lambda answer: lookup.facts(call.portal, wanted, answer).is_converting,
        )

    def run(self, call: RobotCall, plan: SendPlan, at: datetime) -> Document:
        new = plan.new
        document = send_prepared(new, plan.prepared, actor=call.audit_name, at=at)
        if call.wants_reply:
            subscribe(
                document,
                robot_code=self.code,
                event_token=call.event_token,
                wait_for=plan.wait_for,
                at=at,
            )
        return document


def _may_be_outdated(error: Exception, *, is_kept: bool) -> bool:
    """Whether the portal may say better now: a link has died, or in the minutes that an answer was
    kept an address has been filled in, a file has been replaced."""
    if isinstance(error, BitrixError) and error.is_one_of(STALE_TOKEN):
        return True
    is_passing = isinstance(error, SignXError) and error.code in RETRYABLE
    return is_kept and not is_passing


def _people(portal: Portal, given: SendGiven, at: datetime) -> tuple[Employee, Employee | None]:
    """The signer, then the responsible: everything about the first is judged before the second."""
    signer = signer_for_robots(portal, given.signer_company, responsible=None, at=at)
    if given.responsible is None:
        return signer, None
    responsible = _responsible(portal, given.responsible, at)
    signer_for_robots(portal, given.signer_company, responsible=responsible, at=at)
    return signer, responsible


def _delegate(responsible: Employee | None) -> Employee | None:
    """Who has no right of his own sends by the signer's permission."""
    if responsible is None or responsible.has_right(Right.SEND):
        return None
    return responsible


def _responsible(portal: Portal, user_id: int, at: datetime) -> Employee:
    try:
        return find_employee(portal, user_id, at=at)
    except SignXError as error:
        if error.code != ErrorCode.SIGNER_UNKNOWN:
            raise
        # Not `signer_unknown`: that sentence tells to choose another signer.
        raise SignXError(
            ErrorCode.RIGHT_MISSING,
            error.detail,
            name=error.context.get("name", f"user_{user_id}"),
            reason=gettext_lazy("the responsible is not an active employee of this portal"),
        ) from error


def _wanted(given: SendGiven) -> lookup.Wanted:
    agreement = given.agreement if isinstance(given.agreement, SourceReference) else None
    return lookup.Wanted(given.document, (given.signer_counterparty,), given.crm_entity, agreement)


def _employees_of(given: SendGiven) -> set[int]:
    named = {given.signer_company, given.responsible}
    if given.signer_counterparty.kind is PartyKind.EMPLOYEE:
        named.add(given.signer_counterparty.id)
    return {user_id for user_id in named if user_id is not None}


def _reader(call: RobotCall) -> int | None:
    """Whose rights the portal applies: the user the robot runs as, if we hold his token."""
    if call.bitrix_user_id is None:
        return None
    tokens = PortalToken.objects.usable().filter(portal=call.portal)
    is_known = tokens.filter(bitrix_user_id=call.bitrix_user_id).exists()
    return call.bitrix_user_id if is_known else None


def _agreement_file(portal: Portal, facts: lookup.Facts) -> AgreementFile | None:
    paper = facts.agreement()
    if paper is None:
        return None
    _source, intake = lookup.fetch(portal, paper)
    return AgreementFile(f"{paper.title or paper.reference}.pdf", intake)


def _agreement_wish(given: bool | SourceReference | None) -> str:
    if isinstance(given, bool):
        return creation.ALWAYS if given else creation.NEVER
    return ""
