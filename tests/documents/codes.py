"""The code that a signer reads in his letter or on his phone."""

from __future__ import annotations

from documents.access.act_codes import Act
from documents.models import Signer
from outbox.models import Delivery


def code_of(signer: Signer, act: Act) -> str:
    sent = Delivery.objects.filter(payload__signer=signer.pk, payload__act=act.value)
    return str(sent.latest("pk").open_secret()["code"])
