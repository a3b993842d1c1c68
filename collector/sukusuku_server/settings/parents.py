"""What the vacancy page tells parents of a centre."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Settings
from sukusuku_server.settings.base import Language

_Sentence = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=300)]
Phone = Annotated[
    str, msgspec.Meta(pattern=r"^[+0-9][0-9() -]{3,28}[0-9]$", description="a number such as 03-1234-5678")
]
WebPage = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^https?://[^\s\"<>]+$", max_length=500, description="an address such as https://www.city.example/"
    ),
]
Months = Annotated[int, msgspec.Meta(ge=0, le=120)]
Years = Annotated[int, msgspec.Meta(ge=1, le=18)]


class Sentence(Settings, frozen=True, kw_only=True):
    """A sentence or an address in both languages."""

    ja: _Sentence
    en: _Sentence

    def __getitem__(self, language: Language) -> str:
        return self.ja if language == "ja" else self.en


class ForParents(Settings, frozen=True, kw_only=True):
    """What parents are told of a centre. What is left out is not shown."""

    address: Sentence | None = None
    phone: Phone | None = None
    website: WebPage | None = None
    """Its page on the operator's site."""
    from_months: Months | None = None
    """The age of the youngest children who may come."""
    to_years: Years | None = None
    """The age of the oldest; left out beside `from_months`: until they go to school."""
    booking: Sentence | None = None
    """How to book; left out: by asking the centre."""


def check(found: ForParents, where: str) -> Iterator[Mistake]:
    """Yield mistakes between the keys."""
    if found.from_months is not None and found.to_years is not None and found.from_months > found.to_years * 12:
        yield Mistake(
            f"{where}.to_years", f"from_months {found.from_months} must be below to_years {found.to_years} (in months)"
        )
