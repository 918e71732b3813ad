"""Which modules are mutated: those that guard a promise. Nothing else names their paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Group:
    """`tests`: the folders that stand nearest and are asked first; of a group that also runs in
    child processes, where nobody sees which line runs, all tests in them are asked."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    has_children: bool = False


GROUPS: dict[str, Group] = {
    "robots": Group(
        (
            "robots/catalog/send_for_signing.py",
            "robots/catalog/check_status.py",
            "robots/calls/ledger.py",
        ),
        ("robots",),
    ),
    "documents": Group(
        ("documents/core/flow.py", "documents/core/creation.py", "documents/tasks.py"),
        ("documents", "signer"),
    ),
    "outbox": Group(("outbox/services.py", "outbox/tasks.py", "outbox/models.py"), ("outbox",)),
    "employees": Group(
        (
            "employees/balances/ledger.py",
            "employees/people/rights.py",
            "employees/signatures/signing_rights.py",
            "employees/people/delegations.py",
        ),
        ("employees", "frame"),
    ),
    "bitrix24": Group(
        (
            "bitrix24/frame/session.py",
            "bitrix24/wire/addresses.py",
            "bitrix24/rest/client.py",
            "bitrix24/senders.py",
            "bitrix24/calls/incoming.py",
        ),
        ("bitrix24",),
    ),
    "signing": Group(
        (
            "signing/intake.py",
            "signing/embedded/seal.py",
            "signing/embedded/closing.py",
            "signing/verify.py",
            "signing/verification/byte_ranges.py",
            "signing/verification/changes.py",
            "signing/verification/examine.py",
            "signing/verification/revocation.py",
            "signing/verification/signature.py",
            "signing/verification/strict.py",
            "signing/verification/tail.py",
            "signing/verification/timestamp.py",
            "signing/verification/trust.py",
            "signing/verification/validation_data.py",
        ),
        ("signing",),
        has_children=True,
    ),
    "journal": Group(
        (
            "journal/services.py",
            "journal/chain.py",
            "journal/append_only.py",
            "journal/export.py",
        ),
        ("journal",),
    ),
}


class NoSuchModule(Exception):
    """A group or a module that is not there."""


def paths() -> list[str]:
    """All modules of the table. Raises NoSuchModule for one that has moved away."""
    named = [path for group in GROUPS.values() for path in group.modules]
    missing = [path for path in named if not (ROOT / path).is_file()]
    if missing:
        raise NoSuchModule(f"mutants/modules.py names what is not there: {', '.join(missing)}")
    return named


def chosen(names: str) -> list[str]:
    """Paths by names of groups or modules («outbox», «outbox.services»); empty: all."""
    known = {short_name(path): path for path in paths()}
    found: list[str] = []
    for name in names.replace(",", " ").split() or list(GROUPS):
        named = [path for short, path in known.items() if f"{short}.".startswith(f"{name}.")]
        if not named:
            raise NoSuchModule(f"no module «{name}»; there are: {', '.join([*GROUPS, *known])}")
        found += [path for path in named if path not in found]
    return found


def short_name(path: str) -> str:
    """How results and accepted survivors call a module, wherever it lies."""
    name = next(name for name, group in GROUPS.items() if path in group.modules)
    return f"{name}.{Path(path).stem}"


def group_of(path: str) -> Group:
    return next(group for group in GROUPS.values() if path in group.modules)
