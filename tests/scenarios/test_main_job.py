"""The main job with real processes, real mail and two signatures that pdfsig confirms."""

from __future__ import annotations

import json

from demo.checks import check_everything


def test_a_contract_goes_from_the_process_to_both_signatures_and_back(story):
    story.tell()

    result = check_everything(story)

    assert result["status"]["status_text"] == "Подписан всеми"
    assert result["verification"] == "valid"
    assert result["pdfsig"] == "2 valid, total document signed"
    assert story.portal_requests <= 8
    written = json.loads((story.stack.folder / "result.json").read_text("utf-8"))
    assert written == result
