"""Names as Bitrix24 wants them: one text for each language of the portal.

Not gettext: the portal keeps all languages at once, and its `kz` falls back to English.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.utils.functional import Promise, lazystr
from django.utils.translation import get_language


@dataclass(frozen=True)
class Words:
    """A text in Russian, Kazakh (`kz` is Bitrix24's own code for it) and English."""

    ru: str
    kz: str
    en: str

    def for_bitrix24(self) -> dict[str, str]:
        """`{"ru": …, "kz": …, "en": …}`, the shape of NAME and DESCRIPTION."""
        return asdict(self)

    def __str__(self) -> str:
        """The text in the active language; Russian where we have none for it."""
        language = (get_language() or "ru").split("-")[0]
        return {"en": self.en, "kk": self.kz, "kz": self.kz}.get(language, self.ru)

    @property
    def lazy(self) -> Promise:
        """Itself as a gap of an error sentence: rendered when the sentence is."""
        return lazystr(self)
