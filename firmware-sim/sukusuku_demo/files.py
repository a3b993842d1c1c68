"""The settings files of a demo run: its ports, and times at which the centres are open while somebody looks."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template

from sukusuku_core.time import JAPAN
from sukusuku_demo import bookings
from sukusuku_demo.settings import MODBUS_PORTS, Ports
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import read
from sukusuku_server.settings.base import WEEKDAYS

SITES = ("tobu", "seibu")
_MODBUS_IN_SCENARIO = 15_020
_BROKER_IN_SCENARIO = 1883
_OPERATIONS = 'url = "sqlite:///operations.db"'
_READY = timedelta(seconds=50)
"""By then the past is loaded and everything is derived from it."""
_ROUND = {"answer_by": 5, "departs": 10, "returns": 120}
"""Moments of the round, in minutes after its mail."""
_LATEST = {"answer_by": 47, "departs": 48, "returns": 59}
"""And at the latest, in minutes after 23:00: a unit needs eight of them."""
_CHANGED = timedelta(days=21)
"""So long ago the shelves of a room were moved."""
_APRIL = 4
_HOURS = {"opens": 9, "lunch": 12, "noon": 13, "closes": 18}
"""Hours of the centres' day in the scenario."""
_RESET = 3
"""Hours before the opening at which the counts of rooms begin anew."""
_BUSY = 10.5, 15.5
"""Between these hours of the centres' day there is something to see."""
_FRIDAY, _SUNDAY = 4, 6


def write(folder: Path, ports: Ports, now: datetime, servers: Mapping[str, object] | None = None) -> None:
    """Write facility.toml, an edge-SITE.toml for each centre, scenario.toml and a table of bookings into the folder.

    The mail of the round is due at the first full minute at which everything is ready. `servers` says where broker and
    databases are, if it is elsewhere than by default.
    """
    here = now.astimezone(JAPAN)
    values: dict[str, object] = {"broker": ports.broker, "smtp": ports.smtp, "web": ports.web}
    values |= {"others": "", "sensors": "", "refresh": 15.0, "store": "", "operations": _OPERATIONS, **(servers or {})}
    values |= round_times(here) | days(here) | opening(here)
    values |= {f"modbus_{n}": ports.modbus + n for n in range(MODBUS_PORTS)}
    templates = files(__package__).joinpath("templates")
    for name in ("facility.toml", *(f"edge-{site}.toml" for site in SITES)):
        text = Template(templates.joinpath(name).read_text(encoding="utf-8")).substitute(values)
        (folder / name).write_text(text, encoding="utf-8")
    scenario = files("sukusuku_sim").joinpath("scenarios/demo.toml").read_text(encoding="utf-8")
    scenario = re.sub(r"(?m)^days = .*$", f"days = [{_quoted(_open_days(here))}]", scenario)
    (folder / "scenario.toml").write_text(_with_ports(scenario, ports), encoding="utf-8")
    booked = bookings.table(FacilitySchedules(read(folder / "facility.toml")), here.date())
    (folder / "bookings").mkdir(exist_ok=True)
    (folder / "bookings" / "bookings.csv").write_text(booked, encoding="utf-8")


def round_times(now: datetime) -> dict[str, str]:
    """Return the local times of the round, which ends before midnight."""
    mail = (now + _READY + timedelta(minutes=1)).replace(second=0, microsecond=0)
    latest = {name: mail.replace(hour=23, minute=minute) for name, minute in _LATEST.items()}
    if mail >= latest["answer_by"]:
        mail = (mail + timedelta(days=1)).replace(hour=0, minute=0)
        latest = {name: time + timedelta(days=1) for name, time in latest.items()}
    times = {name: min(mail + timedelta(minutes=m), latest[name]) for name, m in _ROUND.items()} | {"mail_at": mail}
    return {name: f"{time:%H:%M}" for name, time in times.items()}


def days(now: datetime) -> dict[str, object]:
    """Return the day on which a room was changed, and the fiscal year."""
    fiscal_year = now.year - (now.month < _APRIL)
    return {"changed": f"{now - _CHANGED:%Y-%m-%d}", "fiscal_year": fiscal_year}


def hours_ahead(now: datetime) -> int:
    """Return by how many hours the centres' day is ahead of that of Japan, so that they are open and busy.

    It is not 0 in the evening, at night and in the early morning, and the day never goes over midnight.
    """
    first, last = _HOURS["closes"] - 24, _HOURS["opens"]
    here = now.astimezone(JAPAN)
    moment = here.hour + here.minute / 60

    def distance(hours: int) -> tuple[float, int]:
        there = moment + hours
        return max(_BUSY[0] - there, there - _BUSY[1], 0.0), abs(hours)

    return min(range(first, last + 1), key=distance)


def opening(now: datetime) -> dict[str, object]:
    """Return the opening hours, the week and the days of the round, by the clock and calendar of whoever looks."""
    ahead = hours_ahead(now)
    clocks = {name: f"{hour - ahead:02}:00" for name, hour in _HOURS.items()}
    clocks["reset"] = f"{(_HOURS['opens'] - ahead - _RESET) % 24:02}:00"
    slot = f'["{clocks["opens"]}-{clocks["closes"]}"]'
    there = _open_days(now)
    week = "\n".join(f"{day} = {slot if day in there else '[]'}" for day in WEEKDAYS)
    return {**clocks, "week": week, "round_days": _quoted(there)}


def _closed(now: datetime) -> int:
    """Return the weekday on which the centres are closed: Sunday, but never today or tomorrow."""
    today = now.weekday()
    return _SUNDAY if today <= _FRIDAY else (today + 3) % 7


def _open_days(now: datetime) -> list[str]:
    return [day for number, day in enumerate(WEEKDAYS) if number != _closed(now)]


def _quoted(words: list[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _with_ports(scenario: str, ports: Ports) -> str:
    """Return the scenario of the simulator on other ports: it stays one file that also runs by itself."""

    def moved(match: re.Match[str]) -> str:
        port = int(match[1])
        if port == _BROKER_IN_SCENARIO:
            return f"port = {ports.broker}"
        return f"port = {port - _MODBUS_IN_SCENARIO + ports.modbus}"

    return re.sub(r"\bport = (\d+)", moved, scenario)
