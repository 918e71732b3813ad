"""A worker of its own that refreshes one token and ends; killed by the test that starts it."""

from __future__ import annotations

import sys

import django

django.setup()

from bitrix24.models import PortalToken  # noqa: E402
from bitrix24.tokens import oauth  # noqa: E402 (models need the setup)

oauth.refresh(PortalToken.objects.select_related("portal").get(pk=int(sys.argv[1])))
