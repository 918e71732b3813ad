"""Erasing personal details from the command line: counted first, done when told twice."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from journal.models import AuditEvent, PersonalDetail
from journal.services import verify_chain

pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: object) -> str:
    output = StringIO()
    call_command("erase_personal", *arguments, by="anna", stdout=output, **options)
    return output.getvalue()


def test_it_counts_before_it_erases(chain):
    assert "2" in run(chain.domain, "signer", "9")
    assert PersonalDetail.objects.count() == 2


def test_it_erases_when_told_so_and_the_chain_holds(chain):
    assert "2" in run(chain.member_id, "signer", "9", yes=True)

    assert not PersonalDetail.objects.exists()
    assert verify_chain(chain).ok
    assert AuditEvent.objects.latest("number").actor == "support:anna"


def test_it_does_not_reach_another_portal(chain, other_office):
    assert "0" in run(other_office.domain, "signer", "9", yes=True)
    assert PersonalDetail.objects.count() == 2


def test_it_knows_no_stranger(chain):
    with pytest.raises(CommandError):
        run("nobody.portal.test", "signer", "9")
