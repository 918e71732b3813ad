"""What the journal can tell. The value is chained and never changes; the label is for people."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EventKind(TextChoices):
    PORTAL_INSTALLED = "portal_installed", _("Application installed")
    PORTAL_UPDATED = "portal_updated", _("Application updated")
    PORTAL_UNINSTALLED = "portal_uninstalled", _("Application removed")
    PORTAL_WIPED = "portal_wiped", _("Data of the portal deleted")
    ROBOT_SWITCHED_ON = "robot_switched_on", _("Robot switched on")
    ROBOT_SWITCHED_OFF = "robot_switched_off", _("Robot switched off")
    ROBOT_CALLED = "robot_called", _("Robot called by a business process")
    ROBOT_REFUSED = "robot_refused", _("Robot answered with an error")
    DATA_EXPORTED = "data_exported", _("Data taken away as a table")
    SETTINGS_CHANGED = "settings_changed", _("Settings changed")

    SIGNATURE_CODE_SENT = "signature_code_sent", _("Code sent to turn on a signature")
    SIGNATURE_TURNED_ON = "signature_turned_on", _("Signature turned on")
    SIGNATURE_CONFIRMATION_REQUESTED = (
        "signature_confirmation_requested",
        _("Confirmation of the signature requested"),
    )
    SIGNATURE_CONFIRMED = "signature_confirmed", _("Signature confirmed by support")
    SIGNATURE_STOPPED = "signature_stopped", _("Signature stopped")
    SIGNATURE_ROBOTS_FORBIDDEN = (
        "signature_robots_forbidden",
        _("Robots may no longer use the signature"),
    )
    SIGNATURE_ATTACHED = "signature_attached", _("Signature made elsewhere attached")
    CERTIFICATE_ISSUED = "certificate_issued", _("Certificate issued")
    CERTIFICATE_REVOKED = "certificate_revoked", _("Certificate revoked")
    RIGHT_GIVEN = "right_given", _("Right given")
    RIGHT_TAKEN = "right_taken", _("Right taken away")
    DELEGATION_GIVEN = "delegation_given", _("Sending on behalf allowed")
    DELEGATION_REVOKED = "delegation_revoked", _("Sending on behalf revoked")
    BALANCE_CHANGED = "balance_changed", _("Balance changed")

    DOCUMENT_CREATED = "document_created", _("Document created")
    DOCUMENT_CLEANED = "document_cleaned", _("File checked and cleaned")
    DOCUMENT_SENDING = "document_sending", _("Sending started")
    DOCUMENT_SENT = "document_sent", _("Sent for signing")
    DOCUMENT_SEALING = "document_sealing", _("All have signed, files are being made")
    DOCUMENT_COMPLETED = "document_completed", _("Signed by all")
    DOCUMENT_DECLINED = "document_declined", _("Declined")
    DOCUMENT_EXPIRED = "document_expired", _("The term has expired")
    DOCUMENT_CANCELLED = "document_cancelled", _("Withdrawn by the sender")
    DOCUMENT_FAILED = "document_failed", _("Not sent")
    DOCUMENT_EXTENDED = "document_extended", _("Protection of a file extended")
    DOCUMENT_ANNULLED = "document_annulled", _("Annulled")
    DOCUMENT_REPLACED = "document_replaced", _("A new edition was signed by all")
    SIGNER_INVITED = "signer_invited", _("Invitation sent")
    SIGNER_VIEWED = "signer_viewed", _("Opened by the signer")
    SIGNER_AGREED = "signer_agreed", _("Agreement accepted")
    SIGNER_CODE_SENT = "signer_code_sent", _("Code sent to the signer")
    SIGNER_CODE_WRONG = "signer_code_wrong", _("Wrong code entered")
    SIGNER_SIGNED = "signer_signed", _("Signed")
    SIGNER_DECLINED = "signer_declined", _("Refused to sign")
    REMINDER_SENT = "reminder_sent", _("Reminder sent")
    LINK_RENEWED = "link_renewed", _("New link sent")
    SIGNER_LETTER_BOUNCED = "signer_letter_bounced", _("A message to the signer came back")
    SIGNER_ADDRESS_CHANGED = "signer_address_changed", _("Address of the signer changed")
    SIGNER_ASKED = "signer_asked", _("The signer asked the sender for help")
    SIGNER_DELEGATED = "signer_delegated", _("Signing handed over to a colleague")
    ANNULMENT_PROPOSED = "annulment_proposed", _("Annulment proposed")
    ANNULMENT_SIGNED = "annulment_signed", _("Annulment signed")
    ANNULMENT_REFUSED = "annulment_refused", _("Annulment refused")
    REPLY_SENT = "reply_sent", _("Answer sent to the business process")
    PERSONAL_SHOWN = "personal_shown", _("Personal details shown to support")
    PERSONAL_ERASED = "personal_erased", _("Personal details erased")
