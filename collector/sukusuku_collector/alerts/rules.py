"""What each rule sees in the latest values of an asset. Pure.

A value that is not GOOD, or of an asset that was told dead, is no observation: it neither raises nor clears an alert.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sukusuku_collector.alerts.context import RuleContext
from sukusuku_collector.alerts.rules_collection import collection, collection_turns
from sukusuku_collector.alerts.rules_rooms import room_over_capacity, zone_over_capacity
from sukusuku_collector.alerts.state_machine import Observation, Open, Sign, Waits
from sukusuku_core.model import FaultCode
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, local_day
from sukusuku_server.db.modes import ModeKind
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.live.freshness import last_time, lost_metrics, turns
from sukusuku_server.live.views import fault_of
from sukusuku_server.model.rules import Rule
from sukusuku_server.settings import AlertLevels, Asset, Room, Site, Unit

START_GRACE_MS = 5 * MINUTE_MS
"""After its own start, or after it had no connection to the broker, the collector calls nothing silent for this long:
the edges must connect and send first."""
ROOM_CLEAR_MS = MINUTE_MS
"""A room must be back within its limit for this long before its alert resolves: children go in and out. For as long as
it must be over it before the alert fires, if that is longer."""
UNIT_CLEAR_MS = 90 * 1000
"""A unit must be well for this long before its alert resolves: a level read during a deposit is a low one."""
SITE_WAIT_MS = 10 * MINUTE_MS
"""What people type in (an emptying, a count of the shelf) may be corrected for this long before anybody is told."""
REST_MS = 30 * MINUTE_MS
"""What comes back within this time is the same incident, and its end is told once it has not."""
KG_LONGEST_MS = 4 * DAY_MS
"""A centre that is over the ward's limit on every collection day has one incident, and not one a collection day."""
NIGHTS_MS = 36 * HOUR_MS
"""Units whose mains are off every night are silent once, and not once a night."""
FILM_CLEAR = 10.0
"""Percent of film above `film_low` from which on a new cassette is believed."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule for a kind of subject: how it looks at a context, and how long it waits.

    `alike` tells whether what is seen is what an alert that rests was about. `ends`: its end is news.
    """

    rule: Rule
    kinds: frozenset[type[Unit] | type[Room] | type[Site]]
    observe: Callable[[RuleContext], Observation | None]
    waits: Callable[[AlertLevels], Waits]
    alike: Callable[[Open, Observation], bool] = lambda _open, _seen: True
    ends: bool = True


def unit_fault(context: RuleContext) -> Observation | None:
    """Any fault code but 0, or a state that is a fault."""
    code, state = context.number("Fault/Code"), context.number("State")
    fault = fault_of(None if code is None else code[0], None if state is None else state[0])
    if fault is None:
        return None
    if fault == FaultCode.NONE:
        if context.wavers("Fault/Code") or context.wavers("State"):
            return None
        time = max(item[1] for item in (code, state) if item is not None)
        return Observation(Sign.GONE, time, time, 0.0, None, "fault code 0 (NONE)")
    source, metric = (code, "fault code") if code is not None and code[0] != FaultCode.NONE else (state, "state")
    value, time = source or (0.0, context.now)
    name = FaultCode(fault).name if fault in set(FaultCode) else "not in the table"
    return Observation(Sign.PRESENT, time, time, float(fault), None, f"{metric} {value:.0f} ({name})")


def asset_silent(context: RuleContext) -> Observation | None:
    """No GOOD reading for `silent_after` seconds, or none of a metric on which everything depends.

    Counted from when the asset became known if it was never heard, and only while the broker is heard: otherwise the
    silence is the collector's own.
    """
    if not isinstance(context.subject, Asset):
        return None
    limit, heard = context.levels.silent_after, last_time(context.latest)
    metric, since = "", heard or 0
    if heard is not None and context.now - heard <= limit * 1000:
        lost = lost_metrics(context.subject.settings, context.latest, limit, context.now)
        missed = {name: time for name, time in lost.items() if not _retired(context, name, time)}
        if not missed:
            detail = "nobody misses it any more" if lost else "heard again"
            return Observation(Sign.GONE, context.now, heard, None, limit, detail, over=bool(lost))
        metric = next(iter(missed))
        since = missed[metric]
    since = max(since, context.known)
    if context.hearing is None or context.now - context.hearing < min(START_GRACE_MS, limit * 1000):
        return None
    if context.now - since <= limit * 1000:
        return None
    detail = f"never heard, for {limit:g} s" if heard is None else f"no reading for {limit:g} s"
    if metric:
        detail = f"no reading of {metric} for {limit:g} s"
    return Observation(Sign.PRESENT, context.now, since, None, limit, detail, metric)


def _retired(context: RuleContext, metric: str, last: int) -> bool:
    """Whether a person has said, after its last value, that this metric is not measured any more."""
    mode = context.around.mode(ModeKind.RETIRED, (f"{context.subject.id}/{metric}",), context.now)
    return mode is not None and mode.since > last


def film_low(context: RuleContext) -> Observation | None:
    """Return the film cassette lasts for `film_low` percent or less; ends with a new one.

    A unit without film has a fault.
    """
    unit = context.subject.settings if isinstance(context.subject, Asset) else None
    if not isinstance(unit, Unit):
        return None
    low = unit.collection.film_low * (context.levels.outbreak.film if context.outbreak else 1)
    found, left = context.number("Film/Remaining"), context.derived.get("Film/CyclesLeft")
    if found is None and left is not None and isinstance(left.value, int | float):
        found = min(100.0, 100 * left.value / unit.collection.film_cycles), left.time
    if found is None:
        return None
    value, time = found
    code, state = context.number("Fault/Code"), context.number("State")
    fault = fault_of(None if code is None else code[0], None if state is None else state[0])
    if fault == FaultCode.FILM_OUT and context.open is None:
        return None
    sign = Sign.PRESENT if value <= low else Sign.GONE if value >= low + FILM_CLEAR else Sign.BETWEEN
    return Observation(sign, time, time, value, low, f"film {value:.0f} %, low from {low:g} %")


def kg_limit(context: RuleContext) -> Observation | None:
    """Return what was taken out of the units of a site today comes near to what the ward takes from it in a day."""
    limit = context.levels.kg_per_day or all_fees().on(local_day(context.now)).daily_limit_kg
    kg = context.around.kg_today.get(context.subject.id)
    if kg is None:
        return None
    sign = Sign.PRESENT if kg >= limit * context.levels.kg_near / 100 else Sign.GONE
    stage, reason = (2, "over") if kg >= limit else (1, "near")
    detail = f"{kg:.1f} kg today, the ward takes less than {limit:g} kg a day"
    return Observation(sign, context.now, context.now, kg, limit, detail, reason, stage)


def stock_low(context: RuleContext) -> Observation | None:
    """Film cassettes or bags on the shelf of a site do not last `stock_days`, or there are none."""
    supplies = context.around.supplies.get(context.subject.id)
    limit = context.levels.stock_days
    if not supplies or not limit:
        return None
    short = [item for item in supplies if item.count <= 0 or (item.days is not None and item.days < limit)]
    if not short:
        return Observation(Sign.GONE, context.now, context.now, None, limit, "enough on the shelf")
    first = min(short, key=lambda item: 0.0 if item.days is None else item.days)
    detail = ", ".join(f"{item.kind}: {item.count} left" for item in short)
    return Observation(Sign.PRESENT, context.now, context.now, float(first.count), limit, detail, first.kind)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _unit_waits(seconds: float, onsets: int = 0) -> Waits:
    return Waits(_ms(seconds), UNIT_CLEAR_MS, REST_MS, 12 * HOUR_MS, onsets)


def _room_waits(levels: AlertLevels) -> Waits:
    fire = _ms(levels.over_capacity_for)
    return Waits(fire, max(fire, ROOM_CLEAR_MS), REST_MS, 2 * HOUR_MS)


def _silent_waits(levels: AlertLevels) -> Waits:
    """Return how long silence waits: what is heard now and then is not heard for `silent_after` in between."""
    return Waits(0, 0, 2 * _ms(levels.silent_after), NIGHTS_MS)


def _same_value(alert: Open, seen: Observation) -> bool:
    return alert.value == seen.value


def _same_reason(alert: Open, seen: Observation) -> bool:
    return alert.reason == seen.reason


_UNITS, _ROOMS, _SITES = frozenset({Unit}), frozenset({Room}), frozenset({Site})
WATCHES: tuple[Watch, ...] = (
    Watch(Rule.COLLECTION, _UNITS, collection, lambda levels: _unit_waits(levels.fill_for)),
    Watch(Rule.UNIT_FAULT, _UNITS, unit_fault, lambda levels: _unit_waits(levels.fault_for, onsets=3), _same_value),
    Watch(Rule.FILM_LOW, _UNITS, film_low, lambda levels: _unit_waits(levels.fault_for)),
    Watch(Rule.ROOM_OVER_CAPACITY, _ROOMS, room_over_capacity, _room_waits),
    Watch(Rule.ZONE_OVER_CAPACITY, _ROOMS, zone_over_capacity, _room_waits, _same_reason),
    Watch(Rule.ASSET_SILENT, _UNITS | _ROOMS, asset_silent, _silent_waits),
    Watch(
        Rule.KG_LIMIT,
        _SITES,
        kg_limit,
        lambda _levels: Waits(SITE_WAIT_MS, 0, REST_MS, KG_LONGEST_MS),
        ends=False,
    ),
    Watch(Rule.STOCK_LOW, _SITES, stock_low, lambda _levels: Waits(SITE_WAIT_MS, 0, REST_MS, 2 * DAY_MS)),
)
"""Every rule. To add one, add a function and a row, its words in `mails/texts.py`, and its name in `Rule`."""


def turning_points(context: RuleContext) -> Iterator[int]:
    """Yield the moments (UTC ms) at which a rule of a unit may say something else though nothing new is known of it.

    Those of rooms and sites, which go by hours, shifts and what people type in, are not all among them.
    """
    limit = round(context.levels.silent_after * 1000)
    yield from turns(context.latest, context.levels.silent_after)
    yield context.known + limit + 1
    if context.hearing is not None:
        yield context.hearing + min(START_GRACE_MS, limit)
    yield from collection_turns(context)
