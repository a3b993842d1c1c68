"""The settings files of a demo run, with its ports and the times of its collection round filled in."""

import re
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template

from sukusuku_core.time import JAPAN
from sukusuku_demo.settings import HOST, MODBUS_PORTS, Ports, StoreKind

SITES = ("tobu", "seibu")
_MODBUS_IN_SCENARIO = 15_020
_BROKER_IN_SCENARIO = 1883
_READY = timedelta(seconds=50)
"""By then the past is loaded and everything is derived from it."""
_INFLUX = 'kind = "influx"\n\n[store.influx]\nurl = "http://{host}:{port}"\n'
_ROUND = {"answer_by": 5, "departs": 10, "returns": 120}
"""Moments of the round, in minutes after its mail."""
_LATEST = {"answer_by": 47, "departs": 48, "returns": 59}
"""And at the latest, in minutes after 23:00: a unit needs eight of them."""
_CHANGED = timedelta(days=21)
"""So long ago the shelves of a room were moved."""
_APRIL = 4


def write(folder: Path, ports: Ports, now: datetime, store: StoreKind = "sqlite") -> None:
    """Write facility.toml, an edge-SITE.toml for each centre and scenario.toml into the folder.

    The mail of the round is due at the first full minute at which everything is ready.
    """
    values: dict[str, object] = {"broker": ports.broker, "smtp": ports.smtp, "web": ports.web}
    values["store"] = _INFLUX.format(host=HOST, port=ports.influx) if store == "influx" else ""
    values |= round_times(now.astimezone(JAPAN)) | days(now.astimezone(JAPAN))
    values |= {f"modbus_{n}": ports.modbus + n for n in range(MODBUS_PORTS)}
    templates = files(__package__).joinpath("templates")
    for name in ("facility.toml", *(f"edge-{site}.toml" for site in SITES)):
        text = Template(templates.joinpath(name).read_text(encoding="utf-8")).substitute(values)
        (folder / name).write_text(text, encoding="utf-8")
    scenario = files("sukusuku_sim").joinpath("scenarios/demo.toml").read_text(encoding="utf-8")
    (folder / "scenario.toml").write_text(_with_ports(scenario, ports), encoding="utf-8")


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
    """Today and tomorrow, when the centres are open; the day on which a room was changed; the fiscal year."""
    found = {"today": now, "tomorrow": now + timedelta(days=1), "changed": now - _CHANGED}
    fiscal_year = now.year - (now.month < _APRIL)
    return {name: f"{day:%Y-%m-%d}" for name, day in found.items()} | {"fiscal_year": fiscal_year}


def _with_ports(scenario: str, ports: Ports) -> str:
    """Return the scenario of the simulator on other ports: it stays one file that also runs by itself."""

    def moved(match: re.Match[str]) -> str:
        port = int(match[1])
        if port == _BROKER_IN_SCENARIO:
            return f"port = {ports.broker}"
        return f"port = {port - _MODBUS_IN_SCENARIO + ports.modbus}"

    return re.sub(r"\bport = (\d+)", moved, scenario)
