from devportal import actions, cast


def test_later_commands_use_earlier_results(admin):
    result = admin.call(
        "batch",
        cmd={
            "deal": "crm.item.get?entityTypeId=2&id=315",
            "contact": "crm.item.get?entityTypeId=3&id=$result[deal][item][contactId]",
        },
    )

    assert result["result"]["contact"]["item"]["id"] == cast.CONTACT_MAIN


def test_reference_may_be_percent_encoded(admin):
    reference = "%24result%5Bdeal%5D%5Bitem%5D%5BcontactId%5D"
    result = admin.call(
        "batch",
        cmd={
            "deal": "crm.item.get?entityTypeId=2&id=315",
            "contact": f"crm.item.get?entityTypeId=3&id={reference}",
        },
    )

    assert result["result"]["contact"]["item"]["lastName"] == "Берёзкина"


def test_empty_containers_are_lists(admin):
    result = admin.call("batch", cmd={"a": "profile"})

    assert result["result_error"] == []
    assert result["result_total"] == []
    assert list(result["result"]) == ["a"]


def test_errors_stay_inside_and_the_rest_goes_on(admin):
    result = admin.call("batch", cmd={"a": "no.such", "b": "profile"})

    assert result["result_error"]["a"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert list(result["result"]) == ["b"]


def test_all_failed_is_still_http_200(admin):
    answer = admin.answer("batch", cmd={"a": "no.such"})

    assert answer.status_code == 200
    assert answer.json()["result"]["result"] == []


def test_halt_stops_at_the_first_error(admin):
    result = admin.call("batch", halt=1, cmd={"a": "no.such", "b": "profile"})

    assert result["result"] == []


def test_list_keys_give_a_list_until_one_fails(admin):
    whole = admin.call("batch", cmd=["profile", "user.admin"])
    broken = admin.call("batch", cmd=["no.such", "user.admin"])

    assert whole["result"][1] is True
    assert broken["result"] == {"1": True}


def test_fifty_first_command_is_refused(admin):
    result = admin.call("batch", cmd={f"c{number}": "user.admin" for number in range(51)})

    assert len(result["result"]) == 50
    assert result["result_error"]["c50"]["error"] == "ERROR_BATCH_LENGTH_EXCEEDED"


def test_nested_batch_is_refused(admin):
    result = admin.call("batch", cmd={"a": "batch?cmd[x]=profile"})

    assert result["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_what_is_not_text_is_skipped(admin):
    assert list(admin.call("batch", cmd={"a": 5, "b": "profile"})["result"]) == ["b"]


def test_dead_token_is_an_error_of_the_whole_batch(admin, world):
    actions.advance(world, 3600)

    assert admin.error("batch", cmd={"a": "profile"})[:2] == (401, "expired_token")


def test_totals_of_list_methods(admin):
    result = admin.call("batch", cmd={"deals": "crm.item.list?entityTypeId=2"})

    assert result["result_total"] == {"deals": 3}


def test_the_first_step_of_an_upload_in_two_is_not_for_batches(admin):
    slot = "disk.folder.uploadfile?id=1&data[NAME]=a.pdf"
    whole = slot + "&fileContent[0]=a.pdf&fileContent[1]=JVBERg=="

    result = admin.call("batch", cmd={"slot": slot, "whole": whole})

    refused = result["result_error"]
    assert refused["slot"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
    assert refused.get("whole", {}).get("error") != "ERROR_BATCH_METHOD_NOT_ALLOWED"
