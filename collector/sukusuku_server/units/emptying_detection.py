"""That a bag was taken away, seen without anybody typing. Pure.

A *sign* stands for itself: the bag contact was open, the unit's own counter began at 0, BAG_FULL ended without a fault,
another serial number speaks. All else is weighed. A *rival* level (see `level_sensor`) brings the weights of what may
have happened; a sign near to it, an *opening* of lid or door for longer than a hand needs, and a watched lid that
stayed shut make an emptying so many times likelier or less likely. Weak evidence that nothing was taken away is a
factor, no veto: hours of levels outweigh it. What is `SURE` is told. A sign without a level that answers is believed
alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from sukusuku_core.model import UnitState, Value
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.model.collection import Evidence
from sukusuku_server.units.fill_filter import LOW, Fill, Rival

LONG_MS = 35_000
"""A lid or door that is open for longer was not opened for a nappy."""
COVERED_MS = HOUR_MS
"""What is open for longer hides no level: its switch sticks or is silent, or the lid was left open."""
BAG_MS = 15_000
"""A bag that is away for longer was not only pressed down."""
AROUND_MS = 30 * MINUTE_MS
"""Signs and openings belong to a rival that began so near to them."""
ALIVE_MS = 45 * MINUTE_MS
"""A witness that has said nothing for so long cannot contradict."""
STIRS_MS = 16 * HOUR_MS
"""Nor can a lid that no hand has opened for so long, a night and more: its switch may stick."""
BLIND_MS = HOUR_MS
"""After so long without levels, much may have happened."""
SURE = 0.975
"""How likely something must be that is told."""
SIGNED, OPENED, SHUT = 100.0, 30.0, 0.01
"""How many times likelier a sign, an opening, and a watched lid that stayed shut make an emptying."""
STAY_MS, STAY_COUNT = MINUTE_MS, 2
"""A rival is told of after so long and so many readings, unless nobody has looked for so long before it:"""
LOOK_MS, ROSE_LOOK_MS = 6 * HOUR_MS, 20 * MINUTE_MS
OVERRUN = 120.0
"""Percent that no bag takes."""
SLIP = 25.0
"""A bag slips by less than this percent. By more: the sensor has moved."""
UNSEEN_CYCLES = 4
"""By so many cycles the total must run away from the unit's own count before that has begun anew unseen."""
SAME_MS = 30 * MINUTE_MS
"""What is nearer to another emptying, or to one that a person rejected, is the same one."""
CONFIDENCE = {Evidence.BAG: 0.95, Evidence.STATE: 0.9, Evidence.COUNTER: 0.9, Evidence.LID: 0.5, Evidence.LEVEL: 0.8}
_FAULTS = (UnitState.JAM, UnitState.FILM_OUT)


class Sign(msgspec.Struct, frozen=True):
    """That the bag was changed, seen by something else than the level."""

    time: int
    evidence: Evidence


class Contacts(msgspec.Struct, frozen=True):
    """What lid, door, bag, state and the unit's own counter say. Times are UTC ms; None: never, or not now.

    `lid`, `door` and `away` (the bag) are since when they are open. `opened` is when the last long opening began.
    `watched`: an opening was seen before, so that a shut lid can be believed; `stirred` is when lid or door last opened
    or shut, were it for a hand. `offset` is total minus own count.
    """

    lid: int | None = None
    door: int | None = None
    away: int | None = None
    opened: int | None = None
    alive: int | None = None
    watched: bool = False
    stirred: int | None = None
    state: int | None = None
    own: int | None = None
    offset: int | None = None
    serial: str | None = None
    replaced: int | None = None
    """When another serial number began to speak."""
    sign: Sign | None = None

    def covers(self, time: int) -> bool:
        """Whether something may stand in front of the level sensor."""
        return any(since is not None and time - since < COVERED_MS for since in (self.lid, self.door))


class Meaning(StrEnum):
    """What a rival that has stayed, or a sign, means."""

    EMPTIED = "emptied"
    SLIPPED = "slipped"
    MOVED = "moved"
    """The sensor reads differently; nothing was taken away."""
    ROSE = "rose"
    """Something came that was not counted."""
    BACK = "back"
    """The sensor was at its stop, and what had seemed to come never came."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A meaning, since when, what was in the bag before (percent), and what it rests on."""

    meaning: Meaning
    time: int
    percent: float
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0


def judge(fill: Fill, contacts: Contacts, time: int) -> Verdict | None:
    """Return what is to be made of the rival, or of a sign, by now."""
    level, sign = fill.level, contacts.sign
    rival = None if level is None else level.rival
    if rival is not None:
        return _of_rival(rival, contacts)
    if sign is None:
        return None
    percent = fill.bag.percent
    frozen = level is not None and level.stuck and level.moved <= sign.time  # else it has answered: nothing went
    mute = level is None or frozen or level.time < sign.time - ALIVE_MS
    if mute or (level is not None and level.time <= sign.time < time - ALIVE_MS):
        return Verdict(Meaning.EMPTIED, sign.time, percent, (sign.evidence,), CONFIDENCE[sign.evidence])
    if level is not None and level.believed > sign.time and sign.evidence is Evidence.BAG and percent <= LOW:
        return Verdict(Meaning.EMPTIED, sign.time, percent, (sign.evidence,), CONFIDENCE[sign.evidence])
    return None


def overrun(fill: Fill, pause: int, time: int) -> Verdict | None:
    """After a pause the counter says more than a bag takes, and no level contradicts."""
    level = fill.level
    mute = level is None or level.stuck or level.time < time - ALIVE_MS
    if pause < BLIND_MS or not mute or fill.bag.percent <= OVERRUN:
        return None
    return Verdict(Meaning.EMPTIED, time, 100.0, (Evidence.COUNTER,), 0.6)


def settled(contacts: Contacts, time: int) -> Contacts:
    """Signs and openings so far have had their effect, or are too old to have one."""
    sign, opened = contacts.sign, contacts.opened
    if sign is not None and sign.time <= time:
        sign = None
    if opened is not None and opened <= time:
        opened = None
    return replace(contacts, sign=sign, opened=opened)


def chance_emptied(rival: Rival, contacts: Contacts) -> float:
    """Return how likely it is that the bag was changed, of all that may have happened."""
    emptied = rival.emptied * _factor(rival, contacts)
    whole = emptied + rival.slipped + rival.rose + rival.back + rival.error
    return emptied / whole if whole > 0 else 0.0


def _near(rival: Rival, contacts: Contacts) -> tuple[Sign | None, int | None]:
    """Return the sign and the opening that belong to a rival."""
    begin = rival.since - max(rival.blind, AROUND_MS)
    sign = contacts.sign if contacts.sign is not None and begin <= contacts.sign.time else None
    return sign, contacts.opened if contacts.opened is not None and begin <= contacts.opened else None


def _factor(rival: Rival, contacts: Contacts) -> float:
    sign, opened = _near(rival, contacts)
    if sign is not None:
        return SIGNED
    if opened is not None:
        return OPENED
    stirs = contacts.stirred is not None and contacts.stirred >= rival.since - STIRS_MS
    alive = stirs and contacts.alive is not None and contacts.alive >= rival.since - ALIVE_MS
    was_open = any(since is not None and since <= rival.since for since in (contacts.lid, contacts.door))
    return SHUT if contacts.watched and alive and not was_open else 1.0


def _of_rival(rival: Rival, contacts: Contacts) -> Verdict | None:
    emptied = rival.emptied * _factor(rival, contacts)
    weights = {
        Meaning.EMPTIED: emptied,
        Meaning.SLIPPED: rival.slipped,
        Meaning.ROSE: rival.rose,
        Meaning.BACK: rival.back,
    }
    true = sum(weights.values())
    meaning = max(weights, key=lambda name: weights[name])
    if true <= 0 or true / (true + rival.error) < SURE or not _stayed(rival, contacts, meaning):
        return None
    if meaning is not Meaning.EMPTIED:
        if meaning is Meaning.SLIPPED and rival.before - rival.first > SLIP:
            meaning = Meaning.MOVED
        return Verdict(meaning, rival.since, rival.before)
    sign, opened = _near(rival, contacts)
    seen = [Evidence.LEVEL]
    seen += [] if sign is None else [sign.evidence]
    seen += [] if opened is None else [Evidence.LID]
    when = rival.since if sign is None else min(rival.since, sign.time)
    if opened is not None and rival.since - opened <= AROUND_MS:
        when = min(when, opened)
    return Verdict(meaning, when, rival.before, tuple(seen), round(emptied / (true + rival.error), 3))


def _stayed(rival: Rival, contacts: Contacts, meaning: Meaning) -> bool:
    """Whether enough readings have spoken, for the pace at which they come."""
    sign, _ = _near(rival, contacts)
    if sign is not None and rival.last >= sign.time:
        return True
    if rival.blind >= (ROSE_LOOK_MS if meaning is Meaning.ROSE else LOOK_MS):
        return True
    return rival.count >= STAY_COUNT and rival.last - rival.since >= STAY_MS


def _lid(contacts: Contacts, time: int, value: Value, _: int | None) -> Contacts:
    return replace(_opening(contacts, contacts.lid, time, value), lid=_since(contacts.lid, time, value))


def _door(contacts: Contacts, time: int, value: Value, _: int | None) -> Contacts:
    return replace(_opening(contacts, contacts.door, time, value), door=_since(contacts.door, time, value))


def _opening(contacts: Contacts, since: int | None, time: int, value: Value) -> Contacts:
    """Take a reading of a lid or door; keep an opening that has ended and was long enough."""
    stirred = contacts.stirred if bool(value) == (since is not None) else time
    if since is not None and not value and time - since >= LONG_MS:
        return replace(contacts, alive=time, stirred=stirred, opened=since, watched=True)
    return replace(contacts, alive=time, stirred=stirred)


def _since(since: int | None, time: int, value: Value) -> int | None:
    if not value:
        return None
    return time if since is None else since


def _bag(contacts: Contacts, time: int, value: Value, _: int | None) -> Contacts:
    away = _since(contacts.away, time, not value)
    if value and contacts.away is not None and time - contacts.away >= BAG_MS:
        return replace(contacts, away=None, sign=Sign(time, Evidence.BAG))
    return contacts if away == contacts.away else replace(contacts, away=away)


def _state(contacts: Contacts, time: int, value: Value, _: int | None) -> Contacts:
    if value == contacts.state:
        return contacts
    relieved = contacts.state == UnitState.BAG_FULL and value not in _FAULTS
    sign = Sign(time, Evidence.STATE) if relieved else contacts.sign
    return replace(contacts, state=int(value), sign=sign)


def _own(contacts: Contacts, time: int, value: Value, _: int | None) -> Contacts:
    if value == contacts.own:
        return contacts
    own = int(value)
    if contacts.own is not None and own < contacts.own:
        return replace(contacts, own=own, offset=None, sign=Sign(time, Evidence.COUNTER))
    return replace(contacts, own=own)


def _total(contacts: Contacts, time: int, _: Value, total: int | None) -> Contacts:
    """When the total runs away from the unit's own count, that one began anew while nobody listened."""
    if contacts.own is None or total is None:
        return contacts
    offset = total - contacts.own
    if offset == contacts.offset:
        return contacts
    if contacts.offset is not None and offset - contacts.offset >= UNSEEN_CYCLES:
        return replace(contacts, offset=offset, sign=Sign(time, Evidence.COUNTER))
    return replace(contacts, offset=offset)


def _serial(contacts: Contacts, time: int, value: Value, _: int | None) -> Contacts:
    serial = str(value)
    if contacts.serial == serial:
        return contacts
    if contacts.serial is None:
        return replace(contacts, serial=serial)
    return replace(contacts, serial=serial, replaced=time, sign=Sign(time, Evidence.BAG))


HEARD: Mapping[str, Callable[[Contacts, int, Value, int | None], Contacts]] = {
    "Lid/Open": _lid,
    "Door/Open": _door,
    "Bag/Present": _bag,
    "State": _state,
    "Cycles/Raw": _own,
    "Cycles/Total": _total,
    "Info/Serial": _serial,
}
"""What follows from a reading of each metric: of (contacts, time, value, highest Cycles/Total)."""
