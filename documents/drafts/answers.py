"""The page «New document» as a whole: what was typed on it, and what will be sent of it.

`completed` makes the checks of the robots in their order, and puts every refusal beside the field
that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext

from documents.core import creation, editions
from documents.core.creation import Counterparty, NewDocument
from documents.crm import lookup
from documents.crm.references import PartyReference, item_text
from documents.drafts import services as drafts
from documents.drafts.forms import (
    CRM,
    IN_TURN,
    PARTIES_LIMIT,
    TOGETHER,
    TYPED,
    DraftForm,
    PartyForm,
)
from documents.models import CodeChannel, Document, Draft, PortalSettings, Signer
from employees.balances import ledger
from employees.models import Employee
from employees.signatures.signing_rights import signer_for_person
from signx.errors import ErrorCode, SignXError

SigningOrder = PortalSettings.SigningOrder


class Answers:
    """The whole page: the form and its counterparties, bound to what was posted or to what was
    kept. A page that was never filled in has one empty counterparty."""

    def __init__(
        self, draft: Draft, posted: Mapping[str, Any] | None = None, *, at: datetime
    ) -> None:
        self.draft, self.at = draft, at
        kept: Mapping[str, Any] = draft.answers if posted is None else posted
        rows = [row for row in kept.get("rows", ["0"]) if row.isdigit() and len(row) < 4]
        self.rows: list[str] = list(dict.fromkeys(rows))[:PARTIES_LIMIT] or ["0"]
        data = None if posted is None else posted
        initial = None if data is not None else {k: v for k, v in kept.items() if k != "rows"}
        self.form = DraftForm(draft, data, initial=initial, at=at)
        self.parties = [self._party(row, data, kept) for row in self.rows]

    def _party(
        self, row: str, data: Mapping[str, Any] | None, kept: Mapping[str, Any]
    ) -> PartyForm:
        prefix = f"p{row}"
        initial: dict[str, Any] = {"how": CRM}
        if data is None:
            initial |= {
                name.removeprefix(f"{prefix}-"): value
                for name, value in kept.items()
                if name.startswith(f"{prefix}-")
            }
        return PartyForm(data, prefix=prefix, initial=initial, country=self.draft.portal.language)

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= PARTIES_LIMIT

    @property
    def signer(self) -> Employee | None:
        """Who is chosen to sign for the company, if the sender may choose him."""
        return self.form.owners.get(str(self.form["signer"].value()))

    @property
    def names(self) -> dict[str, str]:
        """Who stamps what, by key; «Counterparty 2» where no name is known yet."""
        company = self.signer.name if self.signer else ""
        others = [
            party.shown_name or gettext("Counterparty %(number)s") % {"number": number}
            for number, party in enumerate(self.parties, 1)
        ]
        return dict(zip(creation.stamp_keys(len(others)), [company, *others], strict=True))

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Every mistake with the id of its field, in the order of the page."""
        found = []
        for form in (self.form, *self.parties):
            for name, messages in form.errors.items():
                field = form[name].auto_id if name in form.fields else ""
                found.append((str(field), str(messages[0])))
        return found

    def is_valid(self) -> bool:
        by_sms = self.form["code_channel"].value() == CodeChannel.SMS
        for party in self.parties:
            party.by_sms = by_sms
        # Every form is asked, so that every mistake is shown at once.
        return all([self.form.is_valid(), *(party.is_valid() for party in self.parties)])


def answers_from(document: Document) -> dict[str, Any]:
    """What the page «New document» is filled in with: the title, the deal, the other sides."""
    parties = list(editions.others(document)[:PARTIES_LIMIT])
    answers: dict[str, Any] = {
        "title": document.title,
        "kind": document.kind,
        "among": IN_TURN if len({signer.order for signer in parties}) > 1 else TOGETHER,
        "signing_order": _signing_order(document, parties),
        "rows": [str(row) for row in range(len(parties))],
    }
    binding = getattr(document, "crm_binding", None)
    if binding is not None:
        answers["crm_entity"] = item_text(binding.entity_type_id, binding.entity_id)
    for row, signer in enumerate(parties):
        answers |= {f"p{row}-{name}": value for name, value in _kept_party(signer).items()}
    return answers


def _signing_order(document: Document, parties: Sequence[Signer]) -> str:
    """Whose turn was first; of several counterparties the last one counts."""
    company = document.signers.get(side=Signer.Side.COMPANY).order
    last = max((signer.order for signer in parties), default=company)
    if company == last:
        return str(SigningOrder.TOGETHER)
    return str(SigningOrder.COMPANY_FIRST if company < last else SigningOrder.COUNTERPARTY_FIRST)


def _kept_party(signer: Signer) -> dict[str, str]:
    """As it was chosen then. Whom no list knows, or knows otherwise by now, is typed again."""
    reference = ""
    if signer.employee is not None:
        reference = f"user_{signer.employee.bitrix_user_id}"
    elif signer.crm_contact_id and not (signer.delegated_at or signer.address_changed_at):
        reference = f"C_{signer.crm_contact_id}"
    if reference:
        return {"how": CRM, "reference": reference, "label": f"{reference} {signer.name}"}
    names = ("name", "organisation", "tax_number", "email", "phone")
    return {"how": TYPED} | {name: getattr(signer, name) for name in names}


def obstacle(draft: Draft, answers: Answers) -> str:
    """The first thing that forbids to send, whatever is typed; empty when nothing does."""
    try:
        _require_balance(draft)
        if answers.signer is not None:
            signer_for_person(draft.owner, answers.signer, at=answers.at)
    except SignXError as error:
        return error.sentence
    return ""


def completed(answers: Answers) -> NewDocument | None:
    """What will be sent, or None with every refusal put beside its field.

    Asks the portal: not inside a transaction.
    """
    if not answers.is_valid():
        return None
    draft, given, at = answers.draft, answers.form.cleaned_data, answers.at
    with _beside(answers):
        _require_balance(draft)
    with _beside(answers, "signer"):
        owner = answers.form.owners[given["signer"]]
        signer = signer_for_person(draft.owner, owner, at=at)
    with _beside(answers):
        if draft.replaces is not None:  # he may have lost sight of it since
            editions.find_replaced(draft.owner, draft.replaces.public_id)
    with _beside(answers):
        intake = drafts.intake_of(draft)
    with _beside(answers):
        facts = _ask_portal(answers)
        counterparties = _counterparties(answers, facts)
        with _beside(answers, "crm_entity"):
            allowed = PortalSettings.objects.of(draft.portal).allowed_entity_types
            crm_entity = facts.crm_entity(allowed)
    if answers.errors:
        return None
    return NewDocument(
        portal=draft.portal,
        title=given["title"],
        source_id="",
        pdf=intake,
        source_bytes=drafts.source_of(draft),
        sender=draft.owner,
        responsible=draft.owner,
        signer_company=signer,
        counterparties=counterparties,
        crm_entity=crm_entity,
        coordinates=given["coordinates"],
        agreement=given["agreement"],
        expires_in_days=given["expires_in_days"],
        level=given["level"],
        language=draft.portal.language,
        signing_order=given["signing_order"],
        code_channel=given["code_channel"],
        kind=given["kind"],
        message=given["message"],
        delegate=None if signer == draft.owner else draft.owner,
        replaces=draft.replaces,
    )


@contextmanager
def _beside(answers: Answers, field: str = "") -> Iterator[None]:
    """A refusal of one check stands beside its field, and the others are made all the same."""
    try:
        yield
    except SignXError as error:
        refuse(answers, error, field)


def refuse(answers: Answers, error: SignXError, field: str = "") -> None:
    """Put a refusal beside its field; on top of the page when it is about none."""
    sentence: str | Promise = error.sentence
    if error.code == ErrorCode.SIGNATURE_LEVEL_REFUSED:
        field = "level"
    elif error.code == ErrorCode.PARAMETER_INVALID:
        # The code's own sentence speaks of a robot's parameter.
        sentence = error.context["reason"]  # type: ignore[assignment]
        if error.context.get("parameter") == "coordinates":
            field = "coordinates"
        else:
            answers.parties[-1].add_error("how", str(sentence))
            return
    answers.form.add_error(field or None, str(sentence))


def _require_balance(draft: Draft) -> None:
    if ledger.available(draft.portal) < 1:
        raise SignXError(ErrorCode.BALANCE_EMPTY, "checked before anything is asked")


def _ask_portal(answers: Answers) -> lookup.Facts:
    """What the portal knows of those whom it has to be asked about, with the sender's rights."""
    wanted = lookup.Wanted(None, _asked_parties(answers), answers.form.cleaned_data["crm_entity"])
    draft = answers.draft
    return lookup.look_up(
        draft.portal,
        wanted,
        as_user=draft.owner.bitrix_user_id,
        code_channel=answers.form.cleaned_data["code_channel"],
    )


def _asked_parties(answers: Answers) -> tuple[PartyReference, ...]:
    found = (party.cleaned_data.get("party") for party in answers.parties)
    return tuple(reference for reference in found if reference is not None)


def _counterparties(answers: Answers, facts: lookup.Facts) -> list[Counterparty]:
    """Who is asked to sign; whoever cannot be asked is refused beside his row."""
    in_turn = answers.form.cleaned_data["among"] == IN_TURN
    from_crm = count()
    found: list[Counterparty] = []
    for turn, party in enumerate(answers.parties, 1):
        try:
            is_known = "party" in party.cleaned_data
            one = facts.counterparty(next(from_crm)) if is_known else party.typed
        except SignXError as error:
            if error.code not in {ErrorCode.CONTACT_NOT_FOUND, ErrorCode.CONTACT_INCOMPLETE}:
                raise
            party.add_error("reference", error.sentence)
        else:
            found.append(replace(one, turn=turn) if in_turn else one)
    return found
