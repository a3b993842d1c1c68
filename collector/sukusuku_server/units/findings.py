"""A finding: sensors that disagree, or one that cannot be right. Pure.

Looked at on the grid. Each finding rises at one mark and clears at a lower one, so that it does not come and go.
`excess` is how much further the level has risen in this bag than the cycles explain, in percent of a bag:
(level - first level) - (cycles since then) p.
"""

import dataclasses
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from sukusuku_core.model import UnitState
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.collection import Finding, FindingName
from sukusuku_server.units.emptying_detection import ALIVE_MS, Contacts, chance_emptied
from sukusuku_server.units.fill_filter import Fill

STUFFED, STUFFED_CLEAR = 15.0, 8.0
"""Percent of excess; and so much of the rise, because p is never exact."""
STUFFED_SHARE = 0.2
DRIFT, DRIFT_CLEAR = 5.0, 2.5
"""Percent by which an empty bag reads otherwise than it has long done."""
LONG_PACE, LONG_BAGS = 0.04, 5
"""How fast `long` follows zero, per bag, after so many bags."""
UNCOUNTED = 60.0
"""Percent that must come while the counter stands."""
IDLE_PERCENT = 5.0
"""Percent that was counted while level and compressor stood."""
SLIPPED_MS, REPLACED_MS = 24 * HOUR_MS, 7 * 24 * HOUR_MS
"""How long events stay findings."""
ASKED_MS, ASKED_CHANCE = HOUR_MS, 0.3
"""A level that fell and stays is asked about after so long, when an emptying is so likely but not sure."""
SPARSE, SPARSE_CLEAR = 1 / 3, 1 / 5
"""Between two readings, as a share of the usual time between two emptyings."""
FILM_OUT = 0.5
"""Percent of film that is none."""


class Watch(msgspec.Struct, frozen=True):
    """The open findings, and what the rules remember.

    `uncounted` is what has come since the counter last moved from `total`; `long` is what an empty bag has long read.
    """

    open: tuple[Finding, ...] = ()
    total: int | None = None
    uncounted: float = 0.0
    long: float = 0.0
    bags: int = 0
    slipped: int | None = None
    film: float | None = None


def look(
    watch: Watch, asset: str, fill: Fill, contacts: Contacts, time: int, came: float, *, answered: bool = False
) -> tuple[Watch, tuple[Finding, ...]]:
    """Return the findings at `time`, when `came` percent have come since the last look.

    Also those that have just ended. `answered`: a person has said that the bag was not changed when the level fell.
    """
    watch = _remember(watch, fill, came)
    if not watch.open and _quiet(watch, fill, contacts, time):
        return watch, ()
    open_now = {finding.name: finding for finding in watch.open}
    found = {
        name: (holds, detail)
        for name, holds, detail in _rules(watch, set(open_now), fill, contacts, time, answered=answered)
    }
    if not open_now and not any(holds for holds, _ in found.values()):
        return watch, ()
    still: list[Finding] = []
    ended: list[Finding] = []
    for name, (holds, detail) in found.items():
        known = open_now.get(name)
        if holds:
            still.append(
                Finding(asset, name, time, None, detail) if known is None else dataclasses.replace(known, detail=detail)
            )
        elif known is not None:
            ended.append(dataclasses.replace(known, until=time))
    return replace(watch, open=tuple(still)), tuple(ended)


def _quiet(watch: Watch, fill: Fill, contacts: Contacts, time: int) -> bool:
    """Whether none of the rules can rise; quickly told, for it is so nearly always."""
    level = fill.level
    if watch.slipped is not None or contacts.replaced is not None or watch.uncounted >= UNCOUNTED:
        return False
    if abs(fill.learnt.zero - watch.long) >= DRIFT or (level is not None and (level.stuck or level.rivals)):
        return False
    if _sparse(fill) >= SPARSE:
        return False
    if level is not None and level.moved_cycles * fill.learnt.per_cycle >= IDLE_PERCENT:
        return False
    return (_excess(fill, time)[0] or 0.0) < STUFFED


def _remember(watch: Watch, fill: Fill, came: float) -> Watch:
    learnt, total = fill.learnt, None if fill.counter is None else fill.counter.total
    if total != watch.total:
        watch = replace(watch, total=total, uncounted=0.0)
    elif came and total is not None:
        watch = replace(watch, uncounted=watch.uncounted + came)
    if learnt.bags != watch.bags:
        pace = LONG_PACE if learnt.bags > LONG_BAGS else 1.0
        watch = replace(watch, bags=learnt.bags, long=watch.long + pace * (learnt.zero - watch.long))
    return watch


def _rules(
    watch: Watch, was: set[FindingName], fill: Fill, contacts: Contacts, time: int, *, answered: bool
) -> Iterator[tuple[FindingName, bool, str]]:
    name, level, p = FindingName, fill.level, fill.learnt.per_cycle
    uncounted = watch.uncounted >= UNCOUNTED
    yield name.COUNTER_STUCK, uncounted, f"+{watch.uncounted:.0f} %" if uncounted else ""
    excess, rise = _excess(fill, time)
    mark = (STUFFED_CLEAR if name.HAND_STUFFED in was else STUFFED) + STUFFED_SHARE * abs(rise)
    stuffed = excess is not None and excess >= mark and not uncounted
    yield name.HAND_STUFFED, stuffed, f"+{excess:.0f} %" if stuffed else ""
    off = fill.learnt.zero - watch.long
    drifts = abs(off) >= (DRIFT_CLEAR if name.LEVEL_DRIFT in was else DRIFT)
    yield name.LEVEL_DRIFT, drifts, f"{off:+.0f} %" if drifts else ""
    broken = contacts.state in {UnitState.JAM, UnitState.FILM_OUT} or (watch.film is not None and watch.film < FILM_OUT)
    idle = broken and level is not None and level.moved_cycles * p >= IDLE_PERCENT
    yield name.NOT_COMPRESSING, idle, ""
    yield name.LEVEL_STUCK, level is not None and level.stuck and not idle, ""
    slipped = watch.slipped
    since = fill.bag.emptied or 0
    yield name.BAG_SLIPPED, slipped is not None and since <= slipped and time < slipped + SLIPPED_MS, ""
    rival = None if level is None else level.rival
    stands = rival is not None and time - rival.since >= ASKED_MS and rival.count > 1
    asked = stands and not answered and rival is not None and chance_emptied(rival, contacts) >= ASKED_CHANCE
    yield name.EMPTYING_UNSURE, asked, f"{rival.before:.0f} % → {rival.percent:.0f} %" if asked and rival else ""
    yield name.LEVEL_AT_STOP, stands and rival is not None and rival.stop and not rival.floor, ""
    sparse = _sparse(fill) >= (SPARSE_CLEAR if name.READINGS_SPARSE in was else SPARSE)
    yield name.READINGS_SPARSE, sparse, f"{fill.learnt.between:.0f} h" if sparse else ""
    replaced = contacts.replaced
    yield name.UNIT_REPLACED, replaced is not None and time < replaced + REPLACED_MS, contacts.serial or ""


def _sparse(fill: Fill) -> float:
    """Return the time between two levels as a share of that between two emptyings."""
    return fill.learnt.between * fill.learnt.often_emptied


def _excess(fill: Fill, time: int) -> tuple[float | None, float]:
    """Excess and the rise that cycles explain; None where a witness is missing, silent or not believed."""
    bag, level, counter = fill.bag, fill.level, fill.counter
    if level is None or counter is None or bag.origin is None or level.stuck or level.rival is not None:
        return None, 0.0
    if min(level.believed, counter.time) < time - ALIVE_MS:
        return None, 0.0
    explained = (bag.cycles - bag.origin_cycles) * fill.learnt.per_cycle
    return level.percent - bag.origin - explained, explained
