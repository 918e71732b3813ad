"""Employees of a portal: what they may do, what they sign with, what is left on the balance."""

from employees.models.balance import FIRST_INSTALL, BalanceEntry, BalanceEntryQuerySet
from employees.models.keys import KeyPair, KeyPairQuerySet, RevocationList
from employees.models.people import (
    Delegation,
    DelegationQuerySet,
    Employee,
    EmployeeQuerySet,
    EmployeeRight,
    Right,
)
from employees.models.signature import (
    CodeAddress,
    OneTimeCode,
    OneTimeCodeQuerySet,
    SignatureProfile,
    SignatureProfileQuerySet,
)

__all__ = [
    "FIRST_INSTALL",
    "BalanceEntry",
    "BalanceEntryQuerySet",
    "CodeAddress",
    "Delegation",
    "DelegationQuerySet",
    "Employee",
    "EmployeeQuerySet",
    "EmployeeRight",
    "KeyPair",
    "KeyPairQuerySet",
    "OneTimeCode",
    "OneTimeCodeQuerySet",
    "RevocationList",
    "Right",
    "SignatureProfile",
    "SignatureProfileQuerySet",
]
