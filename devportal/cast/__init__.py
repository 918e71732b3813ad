"""Who is who: the fixed ids of both portals, so that tests read as sentences.

Both portals use the same ids for different people and papers; a leak between them shows at once.
"""

DIRECTOR = 1
"""Director and portal administrator; installs the application."""
EMPLOYEE = 7
"""Ordinary employee, the other side of the HR notice."""
CLERK = 12
"""Sends contracts; not an administrator."""
HR = 15
"""Personnel department."""
FIRED = 21
"""No longer works here (ACTIVE false)."""

DEAL_MAIN = 315
"""With contact 5 and company 3."""
DEAL_NO_EMAIL = 316
"""Its contact 6 has no e-mail."""
DEAL_NO_CONTACT = 317
"""Nobody is on the other side."""

CONTACT_MAIN = 5
CONTACT_NO_EMAIL = 6
COMPANY_MAIN = 3
HR_ITEM = 6
"""Item of smart process 128 «Кадровые документы»."""

CONTRACT = 61
"""Sales contract of deal 315; its conversion starts with the first `get`."""
HR_NOTICE = 62
NEVER_CONVERTED = 63
CONVERSION_FAILED = 64
ENCRYPTED = 65
DAMAGED = 66
NOT_A_PDF = 67
CONTRACT_NO_EMAIL = 68
"""Contract of deal 316."""
CONTRACT_NO_CONTACT = 69
"""Contract of deal 317."""

MEMBER_ID = "9d1e7c40b5a84f3e8c2160fa37d59b12"
OTHER_MEMBER_ID = "4b80e2d6c91f47a5b3f7086e5ad21c93"
