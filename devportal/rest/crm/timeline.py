"""`crm.timeline.comment.*`: comments in a card; their files land on Disk."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from devportal.clock import iso
from devportal.errors import RestError
from devportal.portals.crm_types import crm_type_of_timeline
from devportal.portals.disk import COMMON_ROOT
from devportal.portals.portal import Comment
from devportal.rest.filters import fits, parse_filter
from devportal.rest.registry import Call, Page, page_of, rest_method

# Not among the types that the documentation lists.
_DOUBTFUL = ("quote", "smart_invoice")


@rest_method("crm.timeline.comment.add", "crm")
def comment_add(call: Call) -> int:
    """`fields` is lower case here; ENTITY_TYPE is a word such as `deal`."""
    fields = call.params.get("fields")
    if not isinstance(fields, dict):
        raise RestError("100", "Could not find value for parameter {fields}")
    entity_type = str(fields.get("ENTITY_TYPE") or "")
    entity_id = _number(fields.get("ENTITY_ID"))
    text = str(fields.get("COMMENT") or "").strip()
    if not text:
        raise RestError("INVALID_ARG_VALUE", "COMMENT is empty")
    kind = crm_type_of_timeline(entity_type)
    is_doubtful = kind is not None and kind.timeline in _DOUBTFUL
    if is_doubtful and call.world.ways.of("timeline_types") == "documented":
        kind = None
    if kind is None or call.portal.item(kind.entity_type_id, entity_id) is None:
        raise RestError("OWNER_NOT_FOUND", "Owner was not found")
    if not call.portal.can_read(call.user, kind.entity_type_id, entity_id):
        raise RestError("ACCESS_DENIED", "Доступ запрещён")
    contents = [_decoded(item) for item in _file_list(fields.get("FILES"))]
    comment = Comment(
        id=next(call.portal.numbers),
        entity_type=entity_type,
        entity_id=entity_id,
        author_id=call.user.id,
        text=text,
        created_at=call.now,
        file_ids=[_store(call, name, content) for name, content in contents],
    )
    call.portal.comments.append(comment)
    return comment.id


@rest_method("crm.timeline.comment.list", "crm")
def comment_list(call: Call) -> Page:
    """Comments by filter: ENTITY_ID, ENTITY_TYPE, ID, AUTHOR_ID."""
    rows = [_row(call, comment) for comment in call.portal.comments]
    known = ("ID", "ENTITY_ID", "ENTITY_TYPE", "AUTHOR_ID", "COMMENT")
    conditions = parse_filter(call.params.get("filter"), known)
    rows = [row for row in rows if fits(row, conditions)]
    page, following = page_of(rows, call.params.get("start"))
    return Page(page, len(rows), following)


def _row(call: Call, comment: Comment) -> dict[str, Any]:
    files = {
        str(file_id): {
            "id": file_id,
            "name": call.portal.disk.objects[file_id].name,
            "size": len(call.portal.disk.objects[file_id].content or b""),
        }
        for file_id in comment.file_ids
    }
    return {
        "ID": str(comment.id),
        "ENTITY_ID": str(comment.entity_id),
        "ENTITY_TYPE": comment.entity_type,
        "CREATED": iso(comment.created_at),
        "COMMENT": comment.text,
        "AUTHOR_ID": str(comment.author_id),
        "FILES": files or [],
    }


def _file_list(files: Any) -> list[Any]:
    """One pair [name, base64] or a list of pairs, as the real method takes both."""
    if not isinstance(files, list):
        return []
    return [files] if files and isinstance(files[0], str) else files


def _decoded(item: Any) -> tuple[str, bytes]:
    try:
        name, text = item
        return str(name), base64.b64decode(str(text), validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise RestError("INVALID_ARG_VALUE", "FILES has a wrong format") from None


def _store(call: Call, name: str, content: bytes) -> int:
    disk = call.portal.disk
    made = disk.add_file(
        disk.objects[COMMON_ROOT], name, content, by=call.user.id, now=call.now, unique_name=True
    )
    return made.id


def _number(value: Any) -> int:
    text = str(value or "")
    if not text.isdigit():
        raise RestError("OWNER_NOT_FOUND", "Owner was not found")
    return int(text)
