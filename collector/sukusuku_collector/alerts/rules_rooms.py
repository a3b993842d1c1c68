"""When a room is full, or has more children than it may have, and when a zone has. Pure.

A room has its limit while its centre is open. At night counts drift until the daily reset, nobody is on duty, and
nothing here is raised; what was open ends with the day.
"""

from sukusuku_collector.alerts.context import RuleContext
from sukusuku_collector.alerts.state_machine import Observation, Sign
from sukusuku_server.live.freshness import last_time
from sukusuku_server.rooms.capacity_limit import RoomLimit, Rule
from sukusuku_server.rooms.current import Stage, corrected, counted, limit_now, sensed
from sukusuku_server.rooms.schedule import Timetable


def room_over_capacity(context: RuleContext) -> Observation | None:
    """From `room_warn` percent of the limit on a room is full, above the limit it is over.

    It is full until `room_clear` percent, over until it is within the limit.
    """
    timetable = context.timetable
    if timetable is None:
        return None
    if not timetable.is_open(context.now):
        return _closed(context)
    found = _children(context, timetable)
    if found is None:
        return None
    children, time = found
    limit = limit_now(timetable, context.latest, context.now)
    stage = Stage.OVER if children > limit.children else Stage.FULL
    sign = _sign(context, children, limit.children)
    if context.open is not None and context.open.stage == Stage.OVER and stage is Stage.FULL:
        sign = Sign.GONE
    elif context.open is not None and not context.open.firing and context.open.stage == Stage.FULL:
        stage = Stage.FULL  # to be over must stand for a while of its own
    detail = f"{children} children, limit {limit.children}: {_parts(limit)}"
    return Observation(
        sign, time, time, float(children), float(limit.children), detail, limit.limited_by[0].value, stage
    )


def zone_over_capacity(context: RuleContext) -> Observation | None:
    """More children in a zone than the house rule says. `reason` is the zone; of several that with the most too many.

    While an alert is open, it is about its zone only.
    """
    timetable = context.timetable
    if timetable is None:
        return None
    if not timetable.is_open(context.now):
        return _closed(context)
    zones = [
        (found[0] - zone.capacity, found[0], found[1], zone)
        for zone in timetable.room.zone
        if zone.capacity is not None
        and (found := _recent(context, counted(timetable.room, context.latest, f"Zones/{zone.id}/Children")))
    ]
    if context.open is not None:
        zones = [found for found in zones if found[-1].id == context.open.reason]
    if not zones or _is_dead(context):
        return None
    over, children, time, zone = max(zones, key=lambda found: found[0])
    capacity = float(children - over)
    detail = f"{children} children in {zone.id}, house rule {capacity:g}"
    return Observation(Sign.PRESENT if over > 0 else Sign.GONE, time, time, float(children), capacity, detail, zone.id)


def _closed(context: RuleContext) -> Observation:
    return Observation(Sign.GONE, context.now, context.now, None, None, "the centre is closed")


def _is_dead(context: RuleContext) -> bool:
    """Whether the edge node, or its broker, says that nobody is there."""
    return any(item.stale_since is not None for item in context.latest.values())


def _children(context: RuleContext, timetable: Timetable) -> tuple[int, int] | None:
    """Return the corrected count while there is one, otherwise what the sensors see; with when the room was heard."""
    if _is_dead(context):
        return None
    found = corrected(context.derived, context.now)
    if found is not None:  # it is as new as what it was derived from
        return found[0], max(found[1], last_time(context.latest) or 0)
    return _recent(context, sensed(timetable.room, context.latest, "Children"))


def _recent(context: RuleContext, found: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return a count, unless it is so old that the room counts as silent: then it is none."""
    return None if found is None or context.now - found[1] > context.levels.silent_after * 1000 else found


def _sign(context: RuleContext, children: int, limit: int) -> Sign:
    levels = context.levels
    if children and 100 * children >= limit * levels.room_warn:
        return Sign.PRESENT
    return Sign.GONE if 100 * children <= limit * levels.room_clear else Sign.BETWEEN


def _parts(limit: RoomLimit) -> str:
    told = [f"{rule.value} {part}" for rule, part in limit.parts.items() if part is not None]
    staff = "" if limit.parts[Rule.STAFF] is None else f" with {limit.staff} on duty"
    return ", ".join(told) + staff + "; by " + ", ".join(rule.value for rule in limit.limited_by)
