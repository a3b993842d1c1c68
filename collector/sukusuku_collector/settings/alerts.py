"""When an alert rises, clears, repeats and goes to the next person."""

from typing import Annotated

import msgspec

from sukusuku_core.settings import Percent, PositiveSeconds, Settings


class AlertLevels(Settings, frozen=True, kw_only=True):
    """When an alert rises and clears. A unit or room may override single values."""

    fill_rise: Percent = 80.0
    fill_clear: Percent = 60.0
    fill_for: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    """Seconds above `fill_rise` before a mail goes out."""
    fault_for: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    over_capacity_for: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    silent_after: PositiveSeconds = 2700.0
    """Seconds without a reading after which an asset counts as silent and its tile as old.

    More than twice the `refresh` of the edge nodes (900 s unless set): a value that stays the same comes only once in
    that time, or with the next message of its sensor after that, and one message may be lost. The demo has 60 and 15.
    """


class Levels(Settings, frozen=True, kw_only=True):
    """Overrides of single `[alerts]` values; absent means the facility's value."""

    fill_rise: Percent | None = None
    fill_clear: Percent | None = None
    fill_for: float | None = None
    fault_for: float | None = None
    over_capacity_for: float | None = None
    silent_after: PositiveSeconds | None = None
