"""What stands behind each error code and what to do: the words of docs/errors.md.

Not gettext: the page is written for both languages at once and read outside the product.
"""

from __future__ import annotations

from dataclasses import dataclass

from signx.errors import ErrorCode


@dataclass(frozen=True)
class Advice:
    """Why the code is answered (`cause`) and how to get on (`cure`), in one language."""

    cause: str
    cure: str


@dataclass(frozen=True)
class Entry:
    ru: Advice
    en: Advice


# In the order of the robots' checks, then what may fail later.
ROBOT_ANSWERS: dict[ErrorCode, Entry] = {
    ErrorCode.PARAMETER_MISSING: Entry(
        Advice(
            "Обязательный параметр робота пуст. Чаще всего пустым оказалось поле, из которого "
            "процесс берёт значение.",
            "Заполните параметр, названный в ответе, или поле карточки, из которого он берётся.",
        ),
        Advice(
            "A required robot parameter is empty. Usually the field that the process takes the "
            "value from is empty.",
            "Fill in the parameter named in the answer, or the card field it comes from.",
        ),
    ),
    ErrorCode.PARAMETER_INVALID: Entry(
        Advice(
            "Параметр нельзя прочитать (группа вместо сотрудника, два контакта вместо одного) или "
            "координаты не подходят к файлу: страницы нет, штамп выходит за край или на другой.",
            "Исправьте значение: ответ называет параметр, причину и пример правильной записи.",
        ),
        Advice(
            "A parameter cannot be read (a group instead of an employee, two contacts instead of "
            "one), or the coordinates do not fit the file: no such page, a stamp off the page or "
            "upon another.",
            "Correct the value: the answer names the parameter, the reason and an example.",
        ),
    ),
    ErrorCode.BALANCE_EMPTY: Entry(
        Advice(
            "На балансе портала нет свободных подписей. Подписи отправленных документов "
            "удерживаются до их завершения.",
            "Пополните баланс через поддержку и запустите процесс снова.",
        ),
        Advice(
            "The portal has no free signatures. Those of sent documents are held until they end.",
            "Have support top up the balance and run the process again.",
        ),
    ),
    ErrorCode.SIGNER_UNKNOWN: Entry(
        Advice(
            "Подписант стороны 1 не найден среди сотрудников портала или уволен.",
            "Выберите в роботе действующего сотрудника.",
        ),
        Advice(
            "The signer of side 1 is not among the employees of the portal, or was dismissed.",
            "Choose an active employee in the robot.",
        ),
    ),
    ErrorCode.SIGNATURE_MISSING: Entry(
        Advice(
            "Подписант стороны 1 не включил подпись в SIGNX, не ввёл код из письма или остановил "
            "её.",
            "Подписант открывает SIGNX, «Сотрудники», и включает подпись.",
        ),
        Advice(
            "The signer of side 1 has not turned on a signature, has not entered the code from "
            "the letter, or has stopped it.",
            "The signer opens SIGNX, Employees, and turns the signature on.",
        ),
    ),
    ErrorCode.SIGNATURE_NOT_CONFIRMED: Entry(
        Advice(
            "Поддержка ещё не подтвердила e-mail подписанта.",
            "Нажмите «Запросить подтверждение» в SIGNX, «Сотрудники», и дождитесь ответа.",
        ),
        Advice(
            "Support has not confirmed the signer's e-mail yet.",
            "Press “Request confirmation” in SIGNX, Employees, and wait for the answer.",
        ),
    ),
    ErrorCode.RIGHT_MISSING: Entry(
        Advice(
            "Подписант не разрешил роботам свою подпись, у него нет права подписывать, либо "
            "ответственный не вправе отправлять документы этого подписанта.",
            "Дайте право или разрешение в SIGNX, «Сотрудники»; ответ называет человека и право.",
        ),
        Advice(
            "The signer has not let robots use the signature or may not sign, or the responsible "
            "may not send documents of this signer.",
            "Give the right or the permission in SIGNX, Employees; the answer names both.",
        ),
    ),
    ErrorCode.DOCUMENT_NOT_FOUND: Entry(
        Advice(
            "Документа CRM или файла с таким номером нет, либо приложению его не видно. Для "
            "робота статуса: SIGNX не знает такого документа на этом портале.",
            "Передайте «ИД созданного документа CRM» из блока создания документа (для робота "
            "статуса «ID документа SIGNX» из робота отправки).",
        ),
        Advice(
            "There is no CRM document or file with this number, or the application may not see "
            "it. For the status robot: SIGNX knows no such document on this portal.",
            "Pass “ID of the created CRM document” from the block that makes the document (for "
            "the status robot, “SIGNX document ID” from the sending robot).",
        ),
    ),
    ErrorCode.DOCUMENT_NOT_READY: Entry(
        Advice(
            "Bitrix24 не смог преобразовать документ в PDF или не сделал этого за 10 минут.",
            "Откройте документ в карточке и создайте его заново; проверьте шаблон.",
        ),
        Advice(
            "Bitrix24 could not convert the document to PDF, or has not done so in 10 minutes.",
            "Open the document in the card and create it again; check the template.",
        ),
    ),
    ErrorCode.DOCUMENT_INVALID: Entry(
        Advice(
            "Файл нельзя подписать: это не PDF, он повреждён, закрыт паролем, слишком велик, уже "
            "подписан или несёт то, что меняет вид документа.",
            "Сохраните документ в PDF заново по причине из ответа и отправьте ещё раз.",
        ),
        Advice(
            "The file cannot be signed: it is no PDF, damaged, closed by a password, too big, "
            "signed already, or holds what changes its look.",
            "Save the document as PDF anew, following the reason in the answer, and send again.",
        ),
    ),
    ErrorCode.CONTACT_NOT_FOUND: Entry(
        Advice(
            "Контакта, компании или сотрудника стороны 2 нет, либо приложению его не видно.",
            "Выберите контрагента в карточке снова и запустите процесс.",
        ),
        Advice(
            "The contact, company or employee of side 2 does not exist, or is not visible to the "
            "application.",
            "Choose the counterparty in the card again and run the process.",
        ),
    ),
    ErrorCode.CONTACT_INCOMPLETE: Entry(
        Advice(
            "У стороны 2 не заполнено имя или e-mail, e-mail записан с ошибкой, либо у компании "
            "нет ни одного контакта.",
            "Заполните названные поля в CRM и запустите процесс снова.",
        ),
        Advice(
            "Side 2 has no name or no e-mail, the e-mail is misspelt, or the company has no "
            "contact.",
            "Fill in the named fields in the CRM and run the process again.",
        ),
    ),
    ErrorCode.CRM_ENTITY_NOT_ALLOWED: Entry(
        Advice(
            "Документ просят привязать не к сделке, а другие типы на портале не включены.",
            "Передайте ID сделки или включите этот тип в настройках SIGNX.",
        ),
        Advice(
            "The document is to be bound to something other than a deal, and other types are "
            "not switched on for the portal.",
            "Pass the ID of a deal, or switch the type on in the settings of SIGNX.",
        ),
    ),
    ErrorCode.CRM_ENTITY_NOT_FOUND: Entry(
        Advice(
            "Элемента CRM с таким номером нет, либо приложению его не видно.",
            "Проверьте ID и права приложения на чтение CRM.",
        ),
        Advice(
            "There is no CRM item with this number, or the application may not see it.",
            "Check the ID and the application's right to read the CRM.",
        ),
    ),
    ErrorCode.SIGNATURE_LEVEL_REFUSED: Entry(
        Advice(
            "Закон требует для такого документа другого вида подписи или бумаги (ТК РФ, статьи "
            "22.1 и 22.3).",
            "Подпишите его так, как говорит ответ.",
        ),
        Advice(
            "The law wants another kind of signature, or paper, for such a document (Labour Code "
            "of the Russian Federation, articles 22.1 and 22.3).",
            "Sign it the way the answer says.",
        ),
    ),
    ErrorCode.PROVIDER_FAILED: Entry(
        Advice(
            "Служба подписания не приняла документ.",
            "SIGNX повторяет сам; если ответ окончательный, запустите процесс снова.",
        ),
        Advice(
            "The signing service did not take the document.",
            "SIGNX tries again by itself; if the answer is final, run the process again.",
        ),
    ),
    ErrorCode.PORTAL_UNREACHABLE: Entry(
        Advice(
            "Портал не отвечает около двух часов, приложение удалено или его доступ отозван.",
            "Администратор портала открывает SIGNX: доступ обновится. Затем запустите процесс.",
        ),
        Advice(
            "The portal has not answered for about two hours, or the application was removed or "
            "lost its access.",
            "A portal administrator opens SIGNX, which renews the access. Then run the process.",
        ),
    ),
    ErrorCode.MAIL_REJECTED: Entry(
        Advice(
            "Почтовый сервер получателя отказался принять приглашение.",
            "Исправьте адрес стороны 2 в CRM и отправьте документ снова.",
        ),
        Advice(
            "The recipient's mail server refused the invitation.",
            "Correct the address of side 2 in the CRM and send the document again.",
        ),
    ),
    ErrorCode.SMS_REJECTED: Entry(
        Advice(
            "SMS-шлюз не принимает номер подписанта: код отправить некуда.",
            "Исправьте телефон стороны 2 в CRM и отправьте документ снова.",
        ),
        Advice(
            "The SMS gateway does not take the signer's number: the code cannot be sent.",
            "Correct the phone of side 2 in the CRM and send the document again.",
        ),
    ),
    ErrorCode.INTERNAL_ERROR: Entry(
        Advice(
            "Сбой SIGNX. Ничего не списано, поддержка видит его в журнале.",
            "Запустите процесс снова; если повторится, сообщите поддержке время и ID документа.",
        ),
        Advice(
            "A fault of SIGNX. Nothing was charged; support sees it in the log.",
            "Run the process again; if it happens again, tell support the time and document ID.",
        ),
    ),
}

PAGE_ANSWERS: dict[ErrorCode, Entry] = {
    ErrorCode.NOT_FOUND: Entry(
        Advice("Страницы или объекта нет, либо он другого портала.", "Откройте его из списка."),
        Advice("No such page or object, or it is another portal's.", "Open it from the list."),
    ),
    ErrorCode.SESSION_EXPIRED: Entry(
        Advice("Страница была открыта слишком долго.", "Обновите страницу портала."),
        Advice("The page was open for too long.", "Reload the page of the portal."),
    ),
    ErrorCode.ADMIN_UNCONFIRMED: Entry(
        Advice(
            "Битрикс24 не отвечает, а в последний раз подтвердил права администратора давно.",
            "Повторите через несколько минут.",
        ),
        Advice(
            "Bitrix24 does not answer, and last confirmed the administrator's rights long ago.",
            "Try again in a few minutes.",
        ),
    ),
    ErrorCode.REQUEST_FORGED: Entry(
        Advice(
            "Запрос пришёл не от портала: неверен application_token или подпись event_token.",
            "Если это ваш процесс, откройте SIGNX администратором портала и повторите.",
        ),
        Advice(
            "The request is not the portal's: wrong application_token, or event_token signature.",
            "If the process is yours, open SIGNX as a portal administrator and repeat.",
        ),
    ),
    ErrorCode.INPUT_INVALID: Entry(
        Advice("Введено то, что нельзя принять.", "Исправьте названные поля."),
        Advice("What was entered cannot be taken.", "Correct the named fields."),
    ),
    ErrorCode.STATUS_CONFLICT: Entry(
        Advice("Документ уже в другом статусе.", "Обновите страницу и посмотрите статус."),
        Advice("The document is in another status already.", "Reload and look at the status."),
    ),
    ErrorCode.NOT_YOUR_TURN: Entry(
        Advice("Сначала подписывает другой.", "Дождитесь письма."),
        Advice("Somebody else signs first.", "Wait for the letter."),
    ),
    ErrorCode.LINK_INVALID: Entry(
        Advice("Ссылка заменена новой или её срок истёк.", "Попросите отправителя о новой."),
        Advice("The link was replaced or has expired.", "Ask the sender for a new one."),
    ),
    ErrorCode.CONSENT_MISSING: Entry(
        Advice("Соглашение не принято.", "Прочитайте и примите соглашение."),
        Advice("The agreement is not accepted.", "Read and accept the agreement."),
    ),
    ErrorCode.CODE_WRONG: Entry(
        Advice("Код введён с ошибкой; попыток пять.", "Введите код из последнего письма."),
        Advice("The code was mistyped; there are five tries.", "Enter that of the last letter."),
    ),
    ErrorCode.CODE_EXPIRED: Entry(
        Advice("Код действует пять минут и один раз.", "Запросите новый."),
        Advice("A code works once, for five minutes.", "Request a new one."),
    ),
    ErrorCode.CODE_LIMIT: Entry(
        Advice("На адрес отправлено 10 кодов за день.", "Попробуйте завтра."),
        Advice("10 codes went to the address within a day.", "Try again tomorrow."),
    ),
    ErrorCode.CODE_TOO_SOON: Entry(
        Advice("Между кодами должна пройти минута.", "Подождите и запросите снова."),
        Advice("A minute must pass between codes.", "Wait and request again."),
    ),
    ErrorCode.LIMIT_REACHED: Entry(
        Advice(
            "С одного адреса, по одной ссылке или из одной сети слишком часто запрашивали коды, "
            "вводили их, открывали недействительные ссылки или загружали файлы на проверку.",
            "Подождите столько, сколько названо на странице.",
        ),
        Advice(
            "Codes were asked for or typed, dead links opened or files uploaded for verification "
            "too often from one address, one link or one network.",
            "Wait as long as the page says.",
        ),
    ),
    ErrorCode.SERVICE_BUSY: Entry(
        Advice(
            "База данных не ответила или некому было нарисовать страницу: слишком много работы "
            "или обслуживание.",
            "Повторите через минуту. Если не помогает, поддержка смотрит журнал приложения.",
        ),
        Advice(
            "The database did not answer or nobody was free to draw a page: too much work, or "
            "maintenance.",
            "Try again in a minute. If that does not help, support reads the application's log.",
        ),
    ),
    ErrorCode.PORTAL_BUSY: Entry(
        Advice("Портал ограничил число запросов.", "Ничего: SIGNX повторит сам."),
        Advice("The portal limits the number of requests.", "Nothing: SIGNX tries again."),
    ),
}
