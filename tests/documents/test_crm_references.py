"""Whatever a process writes into a field is read right or refused with a reason, never worse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.crm.references import (
    ItemReference,
    PartyKind,
    PartyReference,
    SourceKind,
    SourceReference,
    UnreadableReference,
    read_item,
    read_party,
    read_source,
    read_user,
)

READERS: list[Callable[[str], object]] = [read_source, read_user, read_party, read_item]
ids = st.integers(min_value=1, max_value=2_147_483_647)
# Letters, digits and signs that our grammars are made of, so that near misses are common.
almost = st.text(alphabet="0123456789_-[]() ctdouserlakgpINDYMC·٣５", max_size=30)


@pytest.mark.parametrize("read", READERS)
@given(text=st.one_of(st.text(max_size=60), almost))
def test_any_text_is_read_or_refused_with_a_reason(read, text):
    try:
        found = read(text)
    except UnreadableReference as refused:
        assert str(refused.reason).endswith(".")
    else:
        assert found


@given(number=ids)
def test_a_number_is_a_crm_document(number):
    assert read_source(str(number)) == SourceReference(SourceKind.CRM_DOCUMENT, number)


@given(number=ids, prefix=st.sampled_from(["disk_", "DISK_", "n", "N"]))
def test_disk_files_have_one_spelling_inside(number, prefix):
    source = read_source(f"{prefix}{number}")

    assert source == SourceReference(SourceKind.DISK_FILE, number)
    assert str(source) == f"disk_{number}"


@given(number=ids)
def test_what_a_source_prints_reads_back_as_itself(number):
    for source in (read_source(str(number)), read_source(f"disk_{number}")):
        assert read_source(str(source)) == source


@pytest.mark.parametrize(
    "text",
    ["", "0", "-61", "61.0", "6 1", "disk_", "disk_0", "n", "disk 9011", "9" * 11, "٣", "№61"],
)
def test_a_text_that_names_no_file_is_refused(text):
    with pytest.raises(UnreadableReference):
        read_source(text)


@given(number=ids, shape=st.sampled_from(["{}", "user_{}", "USER_{}", "[{}]", "Орлов Пётр [{}]"]))
def test_an_employee_is_read_from_every_shape(number, shape):
    assert read_user(shape.format(number)) == number


@pytest.mark.parametrize(
    "group", ["group_hr5", "group_d3", "group_dr3", "group_g1", "Отдел group_hr5"]
)
@pytest.mark.parametrize("read", [read_user, read_party])
def test_a_group_is_refused_as_a_group(read, group):
    with pytest.raises(UnreadableReference, match="group"):
        read(group)


@pytest.mark.parametrize("text", ["Орлов Пётр", "user_", "superuser_7", "user_7x", "C_5", "user_0"])
def test_a_text_that_names_no_employee_is_refused(text):
    with pytest.raises(UnreadableReference):
        read_user(text)


def test_two_different_employees_are_refused_and_one_named_twice_is_not():
    with pytest.raises(UnreadableReference, match="several"):
        read_user("Орлов Пётр [7], Белова Анна [12]")

    assert read_user("Орлов Пётр [7] (user_7)") == 7


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5", PartyKind.CONTACT),
        ("C_5", PartyKind.CONTACT),
        ("c_5", PartyKind.CONTACT),
        ("CONTACT_5", PartyKind.CONTACT),
        ("CO_5", PartyKind.COMPANY),
        ("COMPANY_5", PartyKind.COMPANY),
        ("user_5", PartyKind.EMPLOYEE),
        ("[5]", PartyKind.EMPLOYEE),
        ("Орлов Пётр Ильич [5]", PartyKind.EMPLOYEE),
        ("Орлов Пётр Ильич (user_5)", PartyKind.EMPLOYEE),
    ],
)
def test_the_other_side_is_a_contact_a_company_or_an_employee(text, kind):
    assert read_party(text) == PartyReference(kind, 5)


@pytest.mark.parametrize(
    "text", ["D_315", "DEAL_315", "L_7", "T80_6", "Орлов Пётр", "C_", "C_0", "C5", "C_5, C_6", "0"]
)
def test_anything_else_is_not_the_other_side(text):
    with pytest.raises(UnreadableReference):
        read_party(text)


@pytest.mark.parametrize(
    ("text", "entity_type_id", "item_id"),
    [
        ("315", 2, 315),
        ("D_315", 2, 315),
        ("DEAL_315", 2, 315),
        ("deal_315", 2, 315),
        ("L_7", 1, 7),
        ("LEAD_7", 1, 7),
        ("C_5", 3, 5),
        ("CO_3", 4, 3),
        ("Q_2", 7, 2),
        ("SMART_INVOICE_11", 31, 11),
        ("SI_11", 31, 11),
        ("T80_6", 128, 6),
        ("t80_6", 128, 6),
        ("Tb1_25", 177, 25),
        ("DYNAMIC_128_6", 128, 6),
        ("DYNAMIC_177_25", 177, 25),
    ],
)
def test_crm_items_are_read_by_every_code_of_bitrix24(text, entity_type_id, item_id):
    found = read_item(text)

    assert (found.entity_type_id, found.id) == (entity_type_id, item_id)


@given(entity_type_id=st.integers(128, 0xFFFFFF), item_id=ids)
def test_both_codes_of_a_smart_process_name_the_same_item(entity_type_id, item_id):
    short = read_item(f"T{entity_type_id:x}_{item_id}")
    full = read_item(f"DYNAMIC_{entity_type_id}_{item_id}")

    assert short.entity_type_id == full.entity_type_id == entity_type_id
    assert short.id == full.id == item_id


@pytest.mark.parametrize(
    "text", ["", "X_5", "DYNAMIC_5_6", "T1_6", "DEAL", "DEAL_0", "user_7", "T_6"]
)
def test_a_text_that_names_no_crm_item_is_refused(text):
    with pytest.raises(UnreadableReference):
        read_item(text)


def test_a_deal_knows_that_it_is_one():
    assert read_item("315").is_deal
    assert not ItemReference(1, 7, "L_7").is_deal
