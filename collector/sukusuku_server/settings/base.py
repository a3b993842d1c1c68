"""What several tables of `facility.toml` share."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Settings

Found = TypeVar("Found", bound=Settings)
Language = Literal["ja", "en"]
Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=80)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Places = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Clock = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", description="a local time as `HH:MM`, 00:00-24:00"
    ),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Text(Settings, frozen=True, kw_only=True):
    """A name in both languages."""

    ja: Name
    en: Name

    def __getitem__(self, language: Language) -> str:
        return self.ja if language == "ja" else self.en


class Later(Settings, frozen=True, kw_only=True):
    """What is another value from a day on. The figures of the days before stay as they were."""

    since: date = msgspec.field(name="from")

    @property
    def new(self) -> dict[str, Any]:
        """What is new, by its key."""
        told = msgspec.structs.asdict(self)
        return {key: value for key, value in told.items() if key != "since" and value is not None}


def as_of(found: Found, later: Sequence[Later], day: date) -> Found:
    """Return settings with what is new in them on a day; `later` is in order of its days."""
    for item in later:
        if item.since <= day:
            found = msgspec.structs.replace(found, **item.new)
    return found


def check_later(found: Sequence[Later], where: str) -> Iterator[Mistake]:
    """Yield the entries that do not stand in order of their days, and those that say nothing."""
    for n, item in enumerate(found):
        if n and item.since <= found[n - 1].since:
            yield Mistake(
                f"{where}[{n}].from",
                f"{item.since} is not after {found[n - 1].since} of later[{n - 1}]; "
                "put the entries in order of their days, one for each day",
            )
        if not item.new:
            keys = ", ".join(key for key in item.__struct_fields__ if key != "since")
            yield Mistake(f"{where}[{n}]", f"says what is new from {item.since} on, but nothing is; allowed: {keys}")


def check_until(until: date | None, later: Sequence[Later], where: str) -> Iterator[Mistake]:
    """Yield what is new after the last day."""
    for n, item in enumerate(later):
        if until is not None and item.since > until:
            yield Mistake(f"{where}.later[{n}].from", f"{item.since} is after the last day, `until` = {until}")
