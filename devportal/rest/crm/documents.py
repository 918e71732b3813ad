"""`crm.documentgenerator.document.*`: the PDF appears after a while, its link needs the token."""

from __future__ import annotations

from typing import Any

from devportal import conversions
from devportal.clock import iso
from devportal.errors import RestError
from devportal.portals.portal import GeneratedDocument
from devportal.rest.filters import fits, parse_filter
from devportal.rest.links import machine_url
from devportal.rest.registry import Call, Page, page_of, rest_method

DOWNLOAD = "crm.documentgenerator.document.download"
GET_PDF = "crm.documentgenerator.document.getPdf"
_TEMPLATE_ID = 4
_FILE_ID_BASE = 5000
_FILTER_FIELDS = (
    "id",
    "title",
    "number",
    "templateId",
    "entityTypeId",
    "entityId",
    "createdBy",
)


@rest_method("crm.documentgenerator.document.get", "crm", "documentgenerator")
def document_get(call: Call) -> dict[str, Any]:
    """One document. Asking for it starts a conversion that has not been started yet."""
    document = call.portal.documents.get(call.integer("id"))
    if document is None:
        raise RestError("0", "Document not found")
    if not _is_readable(call, document):
        raise RestError("DOCGEN_ACCESS_ERROR", "You do not have permissions to view documents")
    _start_conversion(call, document)
    row = _row(call, document)
    failed = document.has_failed(call.now)
    row |= {
        "id": document.id,
        "templateId": _TEMPLATE_ID,
        "fileId": _FILE_ID_BASE + document.id,
        "publicUrl": None,
        "isTransformationError": failed,
        "transformationErrorMessage": "Не удалось преобразовать файл" if failed else None,
        "transformationErrorCode": "CONVERSION_FAILED" if failed else None,
        "pullTag": f"TRANSFORMDOCUMENT{document.id}",
        "emailDiskFile": 0,
        "changeStampsEnabled": True,
        "products": {},
    }
    return {"document": row}


@rest_method("crm.documentgenerator.document.list", "crm", "documentgenerator")
def document_list(call: Call) -> Page:
    """Documents of a CRM item, ids as texts; `select` may not name the entity's fields."""
    select = call.params.get("select") or ["*"]
    if {"entityTypeId", "entityId"} & set(select):
        raise RestError("100", "Could not find field in select")
    rows = [
        _row(call, document)
        for document in call.portal.documents.values()
        if _is_readable(call, document)
    ]
    conditions = parse_filter(call.params.get("filter"), _FILTER_FIELDS)
    rows = [row for row in rows if fits(row, conditions)]
    order = call.params.get("order")
    direction = str(order.get("id", "ASC")) if isinstance(order, dict) else "ASC"
    rows.sort(key=lambda row: int(row["id"]), reverse=direction.upper() == "DESC")
    page, following = page_of(rows, call.params.get("start"))
    if "*" not in select:
        page = [{key: row[key] for key in row if key in select} for row in page]
    return Page({"documents": page}, len(rows), following)


def file_of(call: Call, name: str, payload: str) -> tuple[str, bytes, str]:
    """(file name, bytes, content type) behind a machine link of a document."""
    document = call.portal.documents.get(int(payload)) if payload.isdigit() else None
    if document is None:
        raise RestError("0", "Document not found")
    if name.lower() == DOWNLOAD.lower():
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        return f"{document.title}.docx", document.docx(), kind
    if not document.is_converted(call.now):
        raise RestError("0", "Document not found")
    return f"{document.title}.pdf", document.pdf(), "application/pdf"


def _is_readable(call: Call, document: GeneratedDocument) -> bool:
    return call.portal.can_read(call.user, document.entity_type_id, document.entity_id)


def _start_conversion(call: Call, document: GeneratedDocument) -> None:
    if document.conversion_started_at is None:
        conversions.begin(call.world, document)


def _row(call: Call, document: GeneratedDocument) -> dict[str, Any]:
    def link(method: str) -> str:
        token = call.token.access_token
        return machine_url(call.world, call.portal, token, method=method, payload=str(document.id))

    base = f"{call.world.config.scheme}://{call.portal.domain}/bitrix/services/main/ajax.php"
    row: dict[str, Any] = {
        "id": str(document.id),
        "title": document.title,
        "number": document.number,
        "templateId": str(_TEMPLATE_ID),
        "fileId": str(_FILE_ID_BASE + document.id),
        "imageId": None,
        "pdfId": None,
        "createTime": iso(document.created_at),
        "updateTime": iso(document.updated_at),
        "values": {},
        "createdBy": str(document.created_by),
        "updatedBy": str(document.created_by),
        "stampsEnabled": False,
        "entityTypeId": str(document.entity_type_id),
        "entityId": str(document.entity_id),
        "downloadUrl": f"{base}?action=crm.documentgenerator.document.download&id={document.id}",
        "downloadUrlMachine": link(DOWNLOAD),
    }
    if document.is_converted(call.now):
        row["pdfId"] = str(2 * _FILE_ID_BASE + document.id)
        row["pdfUrl"] = f"{base}?action=crm.documentgenerator.document.getPdf&id={document.id}"
        row["pdfUrlMachine"] = link(GET_PDF)
    return row
