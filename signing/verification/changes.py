"""What may come after a signature: data to check it by, and the signatures of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    FormUpdatingRule,
    GenericFieldModificationRule,
    ModificationLevel,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
)

from signing.verification.trust import Trust

Facts = dict[str, Any]
_HARMLESS_AFTER_LAST = {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES}
# Between two signatures the next one may be filled in, but no notes may be put over the text:
# whoever certified the file with such a right did not see them ("evil annotation").
_HARMLESS_BETWEEN = {*_HARMLESS_AFTER_LAST, ModificationLevel.FORM_FILLING}

# A stamp added to a file certified elsewhere may cover what was certified ("sneaky signature"),
# so that it is a change of the document, unless it is ours: then we chose its place, beside the
# text, and showed it.
_WITH_OUR_STAMPS = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=FormUpdatingRule(
        field_rules=[
            SigFieldCreationRule(allow_new_visible_after_certify=True),
            SigFieldModificationRule(),
            GenericFieldModificationRule(),
        ]
    ),
)


def policy_for(later: Sequence[Facts], trust: Trust) -> StandardDiffPolicy:
    """How to judge what came after a signature; `later` are the facts of the next ones."""
    # By a pinned certificate, or under our roots where none is pinned.
    ours = "is_pinned" if trust.pinned else "is_trusted"
    are_ours = all(signature.get(ours) for signature in later)
    return _WITH_OUR_STAMPS if are_ours else DEFAULT_DIFF_POLICY


def is_harmless(level: ModificationLevel | None, *, is_last: bool) -> bool:
    """`is_last`: no person has signed later."""
    return level in (_HARMLESS_AFTER_LAST if is_last else _HARMLESS_BETWEEN)
