"""An administrator installs SIGNX and switches the robots on."""

from __future__ import annotations

from bitrix24.models import Portal
from devportal import cast


def test_installing_makes_the_portal_active(portal, devportal):
    assert portal.status == Portal.Status.ACTIVE
    assert portal.disk_folder_id
    assert {row.code for row in devportal.portal.app.placements} == {"CRM_DEAL_DETAIL_TAB"}
    assert portal.employees.get(bitrix_user_id=cast.DIRECTOR).is_portal_admin
