import pytest
import requests

from devportal import actions, cast
from devportal.world import World
from tests.devportal.conftest import DOMAIN, Rest

GET, LIST = "crm.documentgenerator.document.get", "crm.documentgenerator.document.list"


def get(rest: Rest, document_id: int) -> dict:
    return rest.call(GET, id=document_id)["document"]


def test_pdf_appears_when_the_conversion_is_over(clerk, world):
    assert "pdfUrlMachine" not in get(clerk, cast.CONTRACT)
    actions.advance(world, 2.9)
    assert "pdfUrlMachine" not in get(clerk, cast.CONTRACT)

    actions.advance(world, 0.1)

    assert get(clerk, cast.CONTRACT)["pdfUrlMachine"]


def test_machine_link_gives_the_pdf(clerk, http, world):
    get(clerk, cast.CONTRACT)
    actions.advance(world, 3)

    answer = http.get(get(clerk, cast.CONTRACT)["pdfUrlMachine"])

    assert answer.content.startswith(b"%PDF-")
    assert answer.content == world.portal.documents[cast.CONTRACT].pdf()


def test_machine_link_is_bound_to_its_token(admin, clerk, http, world):
    get(clerk, cast.CONTRACT)
    actions.advance(world, 3)
    link = get(clerk, cast.CONTRACT)["pdfUrlMachine"]

    answer = http.get(link.replace(clerk.token, admin.token))

    assert answer.status_code == 403
    assert answer.json()["error_description"] == "Link check failed"


def test_machine_link_dies_with_its_token(clerk, http, world):
    get(clerk, cast.CONTRACT)
    actions.advance(world, 3)
    link = get(clerk, cast.CONTRACT)["pdfUrlMachine"]

    actions.advance(world, 3600)

    answer = http.get(link)
    assert (answer.status_code, answer.json()["error"]) == (401, "expired_token")


def test_changed_link_is_refused(clerk, http):
    link = get(clerk, cast.CONTRACT)["downloadUrlMachine"]

    assert http.get(link.replace("token=61", "token=62")).status_code == 403


def test_docx_is_there_at_once(clerk, http):
    answer = http.get(get(clerk, cast.CONTRACT)["downloadUrlMachine"])

    assert answer.content.startswith(b"PK")


def test_failed_conversion_says_so(clerk, world):
    assert get(clerk, cast.CONVERSION_FAILED)["isTransformationError"] is False
    actions.advance(world, 3)

    document = get(clerk, cast.CONVERSION_FAILED)

    assert document["isTransformationError"] is True
    assert "pdfUrlMachine" not in document


def test_some_conversions_never_end(clerk, world):
    get(clerk, cast.NEVER_CONVERTED)
    actions.advance(world, 30 * 86_400)
    fresh = Rest(clerk.http, DOMAIN, world.auth.issue(world.portal, cast.CLERK).access_token)

    document = get(fresh, cast.NEVER_CONVERTED)

    assert "pdfUrlMachine" not in document
    assert document["isTransformationError"] is False


def test_list_of_a_deal_newest_first(clerk):
    answer = clerk.answer(
        LIST, filter={"entityTypeId": 2, "entityId": 315}, order={"id": "DESC"}, select=["*"]
    ).json()

    ids = [row["id"] for row in answer["result"]["documents"]]
    assert ids == ["67", "66", "65", "64", "63", "61"]
    assert answer["total"] == 6


def test_entity_fields_may_not_be_selected(clerk):
    assert clerk.error(LIST, select=["id", "entityTypeId"])[1] == "100"


def test_missing_document(clerk):
    assert clerk.error(GET, id=999) == (400, "0", "Document not found")
    assert clerk.error(GET)[1] == "100"


@pytest.mark.parametrize(
    ("document_id", "start"),
    [(cast.ENCRYPTED, b"%PDF-"), (cast.DAMAGED, b"%PDF-"), (cast.NOT_A_PDF, b"<!DOCTYPE")],
)
def test_faulty_files(world, document_id, start):
    assert world.portal.documents[document_id].pdf().startswith(start)


def test_uploaded_document_converts_after_its_own_time(
    world: World, http: requests.Session, clerk: Rest
):
    answer = http.post(
        f"http://{DOMAIN}/_dev/documents",
        data={"title": "Акт", "deal_id": "316", "conversion_s": "0"},
        files={"file": ("act.pdf", b"%PDF-1.7 act", "application/pdf")},
    ).json()

    link = get(clerk, answer["id"])["pdfUrlMachine"]
    assert http.get(link).content == b"%PDF-1.7 act"


def test_document_of_another_portal_is_another_document(world):
    ours = world.portal.documents[cast.CONTRACT].pdf()
    theirs = world.other_portal.documents[cast.CONTRACT].pdf()

    assert ours != theirs
