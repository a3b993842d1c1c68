"""What conditions, states, faults and rules are called. Message ids are English; `locale/ja.po` has the rest."""

from sukusuku_core.model import FaultCode, UnitState
from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.live.views import Condition

CONDITIONS = {
    Condition.OK: N_("All right"),
    Condition.SOON: N_("Nearly full"),
    Condition.FULL: N_("Full"),
    Condition.FAULT: N_("Fault"),
    Condition.OVER: N_("Over the limit"),
    Condition.UNKNOWN: N_("Not known"),
    Condition.SILENT: N_("No data"),
}


STATES = {
    UnitState.IDLE: N_("Ready"),
    UnitState.LID_OPEN: N_("Lid open"),
    UnitState.DEPOSIT: N_("Loading"),
    UnitState.COMPRESS: N_("Compressing"),
    UnitState.SEAL: N_("Sealing"),
    UnitState.BAG_FULL: N_("Bag full"),
    UnitState.JAM: N_("Jammed"),
    UnitState.FILM_OUT: N_("Out of film"),
}

FAULTS = {
    FaultCode.JAM: N_("Jammed: please check"),
    FaultCode.FILM_OUT: N_("Out of film: please replace it"),
    FaultCode.MOTOR_OVERLOAD: N_("Motor overload: please call service"),
    FaultCode.SENSOR: N_("Sensor fault: please call service"),
}

RULES = {
    "collection": N_("Fill level"),
    "film_low": N_("Film low"),
    "kg_limit": N_("Ward's weight limit"),
    "stock_low": N_("Stock low"),
    "unit_fault": N_("Fault"),
    "room_over_capacity": N_("Over the limit"),
    "zone_over_capacity": N_("Over the house rule:"),
    "asset_silent": N_("No data"),
}

ROOM_FULL = N_("Room full")

DUE = {
    "overflow_risk": N_("May be full before the next round:"),
    "before_next": N_("To be emptied before the next round:"),
    "full_today": N_("Full today:"),
    "age_today": N_("To be emptied today:"),
    "full": N_("Full:"),
    "over_age": N_("Bag past its hygiene deadline:"),
}
"""Why a bag must be collected, before its fill level."""

AGES = {
    "s": N_("{n} s ago"),
    "min": N_("{n} min ago"),
    "h": N_("{n} h ago"),
    "d": N_("{n} d ago"),
}
"""The browser goes on counting with these; hence the simple placeholder."""

_STEPS = (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 86_400), ("d", 86_400, None))


def age(seconds: float, translate: Translate) -> str:
    """How long ago something was."""
    unit, size = next((unit, size) for unit, size, end in _STEPS if end is None or seconds < end)
    return translate(AGES[unit]).format(n=int(max(0, seconds) // size))


def lasted(ms: int, translate: Translate) -> str:
    """Return how long something lasted, in the units that people say: whole days from two of them on."""
    minutes = max(0, ms) // MINUTE_MS
    if minutes < 60:  # noqa: PLR2004
        return translate("%(n)s min") % {"n": minutes}
    if ms < 2 * DAY_MS:
        return translate("%(h)s h %(n)s min") % {"h": minutes // 60, "n": minutes % 60}
    return translate("%(n)s days") % {"n": ms // DAY_MS}


def fault(code: int, translate: Translate) -> str:
    """Return what a fault code means and what to do."""
    if code in FAULTS:
        return translate(FAULTS[FaultCode(code)])
    return translate("Fault code %(code)s: please call service") % {"code": code}


TOLD = {
    "firing": N_("told"),
    "worse": N_("told that it is worse"),
    "again": N_("told again"),
    "resolved": N_("told that it is over"),
}
"""What a message about an alert said."""
