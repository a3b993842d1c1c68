"""The shapes in which the API shows what a change of a room has brought."""

from datetime import date, datetime

from pydantic import Field

from sukusuku_api.queries.room_history import Changed
from sukusuku_api.schemas.collection import Shape
from sukusuku_api.schemas.names import NameOut, name
from sukusuku_api.schemas.rooms import TallyOut, rounded, tally
from sukusuku_core.time import japan_time
from sukusuku_server.rooms.change_effect import Effect
from sukusuku_server.rooms.usage import zone_share


class DifferenceOut(Shape):
    """The change of the average number of people; null: fewer than two days of any weekday on one side."""

    change: float | None
    low: float | None = Field(description="With `high`: bounds of 95 % confidence")
    high: float | None


class ZoneEffectOut(DifferenceOut):
    """What has changed in a zone: average people, and its share in the person-hours of all zones in %."""

    zone: str
    before: float | None
    after: float | None
    share_before: float | None
    share_after: float | None


class EffectOut(DifferenceOut):
    """The use before a day and from it on."""

    date: date
    note: NameOut | None = Field(description="Note in the settings on what was changed")
    start: datetime
    end: datetime
    before: TallyOut
    after: TallyOut
    zones: list[ZoneEffectOut]


class ChangesOut(Shape):
    """The changes of a room in order."""

    room: str
    changes: list[EffectOut]


def effect(changed: Changed) -> EffectOut:
    """Return the effect of a day for the border."""
    zones = changed.zones
    before = zone_share({zone: item.before for zone, item in zones.items()})
    after = zone_share({zone: item.after for zone, item in zones.items()})
    return EffectOut(
        date=changed.day,
        note=None if changed.note is None else name(changed.note),
        start=japan_time(changed.start),
        end=japan_time(changed.end),
        before=tally(changed.room.before, changed.channel),
        after=tally(changed.room.after, changed.channel),
        zones=[
            ZoneEffectOut(
                zone=zone,
                before=rounded(item.before.average_occupancy),
                after=rounded(item.after.average_occupancy),
                share_before=rounded(before[zone]),
                share_after=rounded(after[zone]),
                **_difference(item),
            )
            for zone, item in zones.items()
        ],
        **_difference(changed.room),
    )


def _difference(found: Effect) -> dict[str, float | None]:
    return {"change": rounded(found.change), "low": rounded(found.low), "high": rounded(found.high)}
