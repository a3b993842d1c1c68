"""How many children may be in a room, which rule says so, and what the other rules would allow. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor

from sukusuku_server.rooms.standards import National
from sukusuku_server.settings.rooms import Age, Room, Standards

_EPSILON = 1e-9
"""So that 3 x 0.1 staff are not more than 0.3."""
_MOST = 1000


class Rule(StrEnum):
    """What limits a room."""

    PLACES = "places"
    """Booked places (定員)."""
    AREA = "area"
    """Effective area by the square metres that the ages of the children need."""
    STAFF = "staff"
    """Staff on duty by the children that each may look after."""


@dataclass(frozen=True, slots=True)
class RoomLimit:
    """The limit of a room in children, with what each rule alone allows; None: that rule cannot be asked.

    `limited_by` are the rules that allow no more than the limit.
    """

    children: int
    limited_by: tuple[Rule, ...]
    parts: Mapping[Rule, int | None]
    m2_per_child: float | None = None
    """Square metres that the mean child of the room's age mix needs."""
    staff: int | None = None
    """Staff on duty that the limit counts on."""


@dataclass(frozen=True, slots=True)
class ZoneLimit:
    """The limit of a zone: a house rule that no law asks for. None: the house has none."""

    zone: str
    children: int | None


def room_limit(places: int, standards: Standards, staff: int | None, national: National) -> RoomLimit:
    """Return the smallest of booked places, area by age mix, and staff ratio.

    `staff` None: not known who is on duty.
    """
    shares = _shares(standards)
    area_each = sum(share * national.m2(age, standards) for age, share in shares.items()) if shares else None
    parts: dict[Rule, int | None] = {Rule.PLACES: places, Rule.AREA: None, Rule.STAFF: None}
    if area_each and standards.effective_m2 is not None:
        parts[Rule.AREA] = floor(standards.effective_m2 / area_each + _EPSILON)
    if shares and staff is not None:
        parts[Rule.STAFF] = _by_staff(standards, staff, national)
    limit = min(part for part in parts.values() if part is not None)
    limited_by = tuple(rule for rule, part in parts.items() if part == limit)
    return RoomLimit(limit, limited_by, parts, area_each, staff)


def staff_needed(children: int, standards: Standards, national: National) -> int:
    """Staff that so many children of the room's age mix need; 0 for none, or when no ages are set."""
    shares = _shares(standards)
    if children <= 0 or not shares:
        return 0
    needs = [children * share / national.children_per_staff(age, standards) for age, share in shares.items() if share]
    match standards.fractions:
        case "sum_up":
            whole = ceil(sum(needs) - _EPSILON)
        case "sum_nearest":
            whole = floor(sum(needs) + 0.5 + _EPSILON)
        case "each_up":
            whole = sum(ceil(need - _EPSILON) for need in needs)
    return max(whole, standards.staff_least)


def zone_limits(room: Room) -> tuple[ZoneLimit, ...]:
    """Return the house rules for the zones of a room."""
    return tuple(ZoneLimit(zone.id, zone.capacity) for zone in room.zone)


def _shares(standards: Standards) -> Mapping[Age, float]:
    total = sum(standards.ages.values())
    return {age: share / total for age, share in standards.ages.items()} if total else {}


def _by_staff(standards: Standards, staff: int, national: National) -> int:
    if staff < standards.staff_least:
        return 0
    low, high = 0, _MOST
    while low < high:  # the need never falls with the number of children
        middle = (low + high + 1) // 2
        if staff_needed(middle, standards, national) <= staff:
            low = middle
        else:
            high = middle - 1
    return low
