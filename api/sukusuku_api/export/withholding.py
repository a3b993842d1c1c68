"""Which counts of people the export keeps to itself. Pure; the rule is that of `rooms.suppression`.

The sums of one hour: people and children of the room, of which one gives the other away where staff is known; the same
in each zone; and the zones, which together are the room.
"""

from collections.abc import Mapping, Sequence

from sukusuku_api.export.series import Series
from sukusuku_core.catalogue import Role
from sukusuku_server.model.series import Bucket
from sukusuku_server.rooms.suppression import withheld

STATISTICS = ("mean", "low", "high", "last")
"""Of an hour, as a `Bucket` and the table name them."""
COUNTS = frozenset({Role.PEOPLE_COUNT, Role.CHILD_COUNT, Role.ZONE_COUNT, Role.ZONE_CHILD_COUNT})
"""Roles whose values are counts of people, of which small ones are withheld."""

Told = dict[str, float | None]
"""What is told of an hour, by statistic; None: withheld."""


def told(hour: Mapping[Series, Bucket]) -> dict[Series, Told]:
    """Return what is told of the counts of one room in one hour."""
    sums = _sums(list(hour))
    found: dict[Series, Told] = {series: {} for series in hour}
    for statistic in STATISTICS:
        counts: dict[Series, float | None] = {series: getattr(bucket, statistic) for series, bucket in hour.items()}
        hidden = withheld(counts, sums)
        for series, count in counts.items():
            found[series][statistic] = None if series in hidden else count
    return found


def _sums(there: Sequence[Series]) -> list[tuple[Series, Sequence[Series]]]:
    by = {(series.role, series.zone): series for series in there}
    sums: list[tuple[Series, Sequence[Series]]] = []
    for whole, part in ((Role.PEOPLE_COUNT, Role.ZONE_COUNT), (Role.CHILD_COUNT, Role.ZONE_CHILD_COUNT)):
        zones = [series for series in there if series.role is part]
        if (whole, None) in by and zones:
            sums.append((by[whole, None], zones))
    for people, children in ((Role.PEOPLE_COUNT, Role.CHILD_COUNT), (Role.ZONE_COUNT, Role.ZONE_CHILD_COUNT)):
        sums += [
            (series, [by[children, series.zone]])
            for series in there
            if series.role is people and (children, series.zone) in by
        ]
    return sums
