"""The application is removed from a portal and installed again: documents are back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from bitrix24.models import Portal, PortalToken
from demo import people
from devportal import actions, cast
from devportal.application import installation
from documents.core import files
from documents.models import Document, StoredFile
from employees.models import Employee
from tests import factories
from tests.conftest import Worker, install


def test_documents_are_back_and_old_tokens_are_not(
    portal: Portal,
    director: Employee,
    vostok: people.Portal,
    devportal: object,
    worker: Worker,
    settings: object,
    tmp_path: object,
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    document = factories.make_completed(portal)
    signed = files.read(document, StoredFile.Kind.SIGNED)
    worker.run()
    old = PortalToken.objects.get()
    secrets = {old.access_token, old.refresh_token, portal.application_token}

    actions.uninstall(devportal, clean=False)
    devportal.settle()  # type: ignore[attr-defined]
    worker.run()
    assert Portal.objects.get().status == Portal.Status.UNINSTALLED
    assert not PortalToken.objects.exists()
    installation.put_back(devportal.portal)  # type: ignore[attr-defined]
    back = install(vostok)
    page = people.Frame(vostok, cast.DIRECTOR)

    found = Document.objects.for_portal(back).get()
    new = PortalToken.objects.get()
    assert back.pk == portal.pk
    assert found.pk == document.pk
    assert found.title in page.page.words
    assert files.read(found, StoredFile.Kind.SIGNED) == signed
    assert not secrets & {new.access_token, new.refresh_token, back.application_token}
    assert back.installed_at > portal.installed_at
    assert back.look_over_at > timezone.now()


@pytest.mark.parametrize("clean", [True, False])
def test_a_portal_that_asked_for_it_is_wiped(portal, devportal, worker, clock, clean):
    factories.make_completed(portal)
    worker.run()
    actions.uninstall(devportal, clean=clean)
    devportal.settle()
    worker.run()

    clock(days=31)
    worker.run()

    assert StoredFile.objects.exclude(file="").exists() is not clean
    assert (Portal.objects.get().wiped_at is not None) is clean
