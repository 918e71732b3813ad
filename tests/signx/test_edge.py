"""What everybody meets at the edge: finished pages for errors, in the reader's language."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from signx.management.checks import proxies_are_counted


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nope", "/v/%00", "/app/documents/a%00b", "/s/%00/"])
def test_an_address_that_does_not_exist_is_a_finished_page(client, path):
    answer = client.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "signx.css" in answer.content.decode()
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.django_db
def test_a_nul_in_a_query_never_reaches_the_database(client):
    assert client.get("/v/?q=ab%00cd", headers={"Accept": "text/html"}).status_code == 404


@pytest.mark.django_db
def test_programs_get_json(client):
    answer = client.get("/nope", headers={"Accept": "application/json"})

    assert answer.json()["error"] == "not_found"


@pytest.mark.django_db
def test_the_page_speaks_the_readers_language(client):
    answer = client.get("/nope", headers={"Accept": "text/html", "Accept-Language": "ru"})

    assert 'lang="ru"' in answer.content.decode()


@pytest.mark.django_db
def test_an_exception_of_ours_is_a_page_without_its_details(client, settings):
    client.raise_request_exception = False
    settings.SECRET_KEY = ""  # sessions and tokens cannot work: the view breaks

    answer = client.get("/admin/login/", headers={"Accept": "text/html"})

    assert answer.status_code == 500
    assert "Traceback" not in answer.content.decode()
    assert "internal_error" in answer.content.decode()


def test_uncounted_proxies_are_told_before_they_spoil_evidence(settings, monkeypatch):
    monkeypatch.delenv("SIGNX_TRUSTED_PROXIES", raising=False)
    settings.IS_HTTPS = True
    assert [warning.id for warning in proxies_are_counted(None)] == ["signx.W001"]

    monkeypatch.setenv("SIGNX_TRUSTED_PROXIES", "0")
    assert proxies_are_counted(None) == []


@pytest.mark.django_db
def test_migrations_tell_all_about_the_models():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
