"""What every robot gives back: made by documents.news.replies, named here for the portal."""

from robots.base import Output
from robots.words import Words

OUTPUTS = (
    Output(
        "source_document_id",
        Words(
            ru="ID исходной транзакции",
            kz="Бастапқы транзакцияның ID-і",
            en="Source transaction ID",
        ),
    ),
    Output(
        "document_id",
        Words(ru="ID документа SIGNX", kz="SIGNX құжатының ID-і", en="SIGNX document ID"),
    ),
    Output("status_code", Words(ru="Код статуса", kz="Күй коды", en="Status code")),
    Output("status_text", Words(ru="Статус", kz="Күйі", en="Status")),
    Output("response_code", Words(ru="Код ответа", kz="Жауап коды", en="Response code")),
    Output("response_text", Words(ru="Текст ответа", kz="Жауап мәтіні", en="Response text")),
    Output("error", Words(ru="Ошибка", kz="Қате", en="Error")),
    Output(
        "signed_document_id",
        Words(
            ru="Подписанный документ (ID файла на Диске)",
            kz="Қол қойылған құжат (Дискідегі файл ID-і)",
            en="Signed document (Disk file ID)",
        ),
    ),
    Output(
        "agreement_document_id",
        Words(
            ru="Дополнительное соглашение (ID файла на Диске)",
            kz="Қосымша келісім (Дискідегі файл ID-і)",
            en="Additional agreement (Disk file ID)",
        ),
    ),
    Output(
        "report_document_id",
        Words(
            ru="Протокол подписания (ID файла на Диске)",
            kz="Қол қою хаттамасы (Дискідегі файл ID-і)",
            en="Signing report (Disk file ID)",
        ),
    ),
    Output(
        "document_url",
        Words(ru="Ссылка на документ в SIGNX", kz="SIGNX құжатына сілтеме", en="Link in SIGNX"),
    ),
)
