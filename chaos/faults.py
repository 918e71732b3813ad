"""Which faults of the stand-in portal are injected: all that a portal recovers from by itself.

Left out: `uninstall` ends a portal for good, `robots_deleted` breaks the running processes of the
portal itself, `hijacked_302` must never be followed, `unpaid` lasts until a person pays; each has
tests of its own. `server_error`, `overload` and `auth_502` are 5xx answers like `http_502`, and
would only make it strike more.
"""

INJECTED = (
    "expired_token",
    "invalid_grant",
    "rate_limit",
    "operation_limit",
    "slow",
    "drop_before",
    "drop_after",
    "http_502",
    "html_body",
    "renamed_302",
    "refresh_lost",
    "conversion_never",
    "conversion_failed",
    "duplicate_call",
)
