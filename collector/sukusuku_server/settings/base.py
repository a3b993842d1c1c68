"""What several tables of `facility.toml` share."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

import msgspec

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import Settings

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


def check_later(found: Sequence[Later], where: str) -> None:
    """Check that entries stand in order of their days, and that each says something. Raises ConfigError."""
    for n, item in enumerate(found):
        if n and item.since <= found[n - 1].since:
            raise ConfigError(
                f"{where}[{n}].from: {item.since} is not after {found[n - 1].since} of later[{n - 1}]; "
                "put the entries in order of their days, one for each day"
            )
        told = msgspec.structs.asdict(item)
        if all(value is None for key, value in told.items() if key != "since"):
            keys = ", ".join(key for key in told if key != "since")
            raise ConfigError(f"{where}[{n}]: says what is new from {item.since} on, but nothing is; allowed: {keys}")


def check_until(until: date | None, later: Sequence[Later], where: str) -> None:
    """Check that nothing is new after the last day. Raises ConfigError."""
    for n, item in enumerate(later):
        if until is not None and item.since > until:
            raise ConfigError(f"{where}.later[{n}].from: {item.since} is after the last day, `until` = {until}")
