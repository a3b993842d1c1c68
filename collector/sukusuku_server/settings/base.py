"""What several tables of `facility.toml` share."""

from typing import Annotated, Literal

import msgspec

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
