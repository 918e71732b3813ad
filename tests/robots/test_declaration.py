"""What the portal is told about the robots: the rules of bizproc.robot.add, and our own."""

from __future__ import annotations

import json
import re

import pytest
from django.utils import translation

from documents.news import uploads
from robots.outputs import OUTPUTS
from robots.registry import ROBOTS

# Names that clash with fields of Bitrix24's own robot class. Source: bizproc restactivity.php.
BUILT_IN = {
    "title",
    "usesubscription",
    "istimeout",
    "authuserid",
    "setstatusmessage",
    "statusmessage",
    "timeoutduration",
    "timeoutdurationtype",
    "properties",
    "options",
    "return_properties",
}
ROBOT = pytest.mark.parametrize("robot", ROBOTS.values(), ids=list(ROBOTS))


def test_the_codes_placed_in_processes_never_change():
    assert list(ROBOTS) == ["signx_send", "signx_status"]


def test_inputs_and_outputs_are_those_of_the_contract():
    send, status = (robot.declaration() for robot in ROBOTS.values())

    assert {key: (row["Type"], row["Required"]) for key, row in send["PROPERTIES"].items()} == {
        "document": ("string", "Y"),
        "coordinates": ("string", "N"),
        "signer_company": ("user", "Y"),
        "signer_counterparty": ("string", "Y"),
        "responsible": ("user", "N"),
        "crm_entity": ("string", "N"),
        "agreement": ("string", "N"),
        "signing_order": ("select", "Y"),
        "wait_for": ("select", "Y"),
        "expires_in_days": ("int", "N"),
    }
    assert list(status["PROPERTIES"]) == ["document", "wait_for"]
    assert list(status["PROPERTIES"]["wait_for"]["Options"]) == ["now", "change", "final"]
    assert (
        list(send["RETURN_PROPERTIES"])
        == list(status["RETURN_PROPERTIES"])
        == [
            "source_document_id",
            "document_id",
            "status_code",
            "status_text",
            "response_code",
            "response_text",
            "error",
            "signed_document_id",
            "agreement_document_id",
            "report_document_id",
            "document_url",
        ]
    )


@ROBOT
def test_keys_pass_the_portals_rules(robot):
    declared = robot.declaration()
    inputs, outputs = list(declared["PROPERTIES"]), list(declared["RETURN_PROPERTIES"])

    assert re.fullmatch(r"[a-z0-9.\-_]+", robot.code)
    for key in inputs + outputs:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", key)
    assert not {key.lower() for key in inputs + outputs} & BUILT_IN
    assert len({key.lower() for key in inputs}) == len(inputs)
    assert not {key.lower() for key in inputs} & {key.lower() for key in outputs}


@ROBOT
def test_every_text_is_there_in_three_languages(robot):
    declared = robot.declaration()
    texts = [declared["NAME"], declared["DESCRIPTION"]]
    for row in [*declared["PROPERTIES"].values(), *declared["RETURN_PROPERTIES"].values()]:
        texts.append(row["Name"])
        texts += [row["Description"]] if "Description" in row else []

    for text in texts:
        assert set(text) == {"ru", "kz", "en"}
        assert all(text.values())
        assert re.search("[а-яё]", text["ru"], re.IGNORECASE)
        assert not re.search("[а-яё]", text["en"], re.IGNORECASE)
        # A Kazakh text that is a copy of the Russian one would be an untranslated one.
        assert text["kz"] != text["en"]
        assert text["kz"] != text["ru"] or text["ru"] in {"Жауапты"}


@ROBOT
def test_waiting_is_always_declared_and_choices_have_a_default(robot):
    declared = robot.declaration()

    assert declared["USE_SUBSCRIPTION"] == "Y"
    for row in declared["PROPERTIES"].values():
        if row["Type"] == "select":
            assert row["Default"] in row["Options"]
        assert row["Multiple"] == "N"


@ROBOT
def test_a_declaration_is_plain_json(robot):
    with translation.override("ru"):
        declared = robot.declaration()

    assert json.loads(json.dumps(declared, ensure_ascii=False)) == declared


def test_outputs_are_those_that_answers_really_hold():
    keys = {output.key for output in OUTPUTS}

    assert set(uploads.OUTPUTS) <= keys
    assert len(keys) == 11
