"""The settings files of a demo run, with its ports filled in."""

import re
from importlib.resources import files
from pathlib import Path
from string import Template

from sukusuku_demo.settings import MODBUS_PORTS, Ports

SITES = ("tobu", "seibu")
_MODBUS_IN_SCENARIO = 15_020
_BROKER_IN_SCENARIO = 1883


def write(folder: Path, ports: Ports) -> None:
    """Write facility.toml, an edge-SITE.toml for each centre and scenario.toml into the folder."""
    values = {"broker": ports.broker, "smtp": ports.smtp, "web": ports.web}
    values |= {f"modbus_{n}": ports.modbus + n for n in range(MODBUS_PORTS)}
    templates = files(__package__).joinpath("templates")
    for name in ("facility.toml", *(f"edge-{site}.toml" for site in SITES)):
        text = Template(templates.joinpath(name).read_text(encoding="utf-8")).substitute(values)
        (folder / name).write_text(text, encoding="utf-8")
    scenario = files("sukusuku_sim").joinpath("scenarios/demo.toml").read_text(encoding="utf-8")
    (folder / "scenario.toml").write_text(_with_ports(scenario, ports), encoding="utf-8")


def _with_ports(scenario: str, ports: Ports) -> str:
    """The scenario of the simulator on other ports: it stays one file that also runs by itself."""

    def moved(match: re.Match[str]) -> str:
        port = int(match[1])
        if port == _BROKER_IN_SCENARIO:
            return f"port = {ports.broker}"
        return f"port = {port - _MODBUS_IN_SCENARIO + ports.modbus}"

    return re.sub(r"\bport = (\d+)", moved, scenario)
