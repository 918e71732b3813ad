"""What happens to employees: who they are, what they sign with, what they may do.

The work is split by subject; this module is the door that other apps use.
"""

from employees.certificates import renew as renew_certificate
from employees.delegations import (
    count_delegated_document,
    delegate,
    owners_for,
    revoke,
)
from employees.people import (
    find_employee,
    from_frame,
    import_administrator,
    keep_answers,
    portal_changed,
    questions_about,
    remember_employee,
)
from employees.rights import give_right, take_right
from employees.signatures import (
    confirm_signature,
    forbid_robots,
    request_confirmation,
    request_signature,
    seconds_to_next_code,
    stop_signature,
    turn_on_signature,
)
from employees.signing_rights import signer_for_person, signer_for_robots

__all__ = [
    "confirm_signature",
    "count_delegated_document",
    "delegate",
    "find_employee",
    "forbid_robots",
    "from_frame",
    "give_right",
    "import_administrator",
    "keep_answers",
    "owners_for",
    "portal_changed",
    "questions_about",
    "remember_employee",
    "renew_certificate",
    "request_confirmation",
    "request_signature",
    "revoke",
    "seconds_to_next_code",
    "signer_for_person",
    "signer_for_robots",
    "stop_signature",
    "take_right",
    "turn_on_signature",
]
