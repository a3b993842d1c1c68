"""Where a Modbus device is, as people write it: `host[:port][/unit]`, `/dev/serial[@unit]`, `rtu+tcp://host:port[@unit]`."""

import re
from dataclasses import dataclass

from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import ModbusProfile
from sukusuku_core.settings import LAST_PORT
from sukusuku_edge.settings import SerialBus

PORT = 502
_TCP = re.compile(r"^(?P<host>\[[0-9A-Fa-f:]+\]|[^:/\s]+)(?::(?P<port>\d{1,5}))?(?:/(?P<unit>\d{1,3}))?$")
_SERIAL = re.compile(r"^(?P<port>(?:/|rtu\+tcp://|socket://).*?)(?:@(?P<unit>\d{1,3}))?$")
_LAST_UNIT = 255


@dataclass(frozen=True, slots=True)
class Target:
    """A unit behind `host` and `port` (Modbus TCP), or on the serial line `line` with `host` empty."""

    unit: int
    host: str = ""
    port: int = PORT
    line: str = ""


def parse(profile: ModbusProfile, text: str) -> Target:
    """Return the target; a unit that is left out is as the device leaves the factory. Raises ConfigError."""
    serial = _SERIAL.match(text)
    if serial is not None:
        wrong = SerialBus(serial["port"], serial["port"], 9600, "N", 1).misfit
        if wrong:
            raise ConfigError(f"target `{text}`: {wrong}")
        factory = profile.serial.unit if profile.serial is not None else 1
        return Target(_unit(int(serial["unit"] or factory)), line=serial["port"])
    tcp = _TCP.match(text)
    if tcp is None or int(tcp["port"] or 0) > LAST_PORT:
        raise ConfigError(
            f"target `{text}`: {profile.profile} is a Modbus device; give host[:port][/unit], such as "
            "192.168.0.20:502/1, a serial port with the unit, such as /dev/ttyUSB0@3, or a gateway that passes RTU "
            "frames on, such as rtu+tcp://192.168.0.20:5007@3"
        )
    return Target(_unit(int(tcp["unit"] or 1)), tcp["host"].strip("[]"), int(tcp["port"] or PORT))


def _unit(unit: int) -> int:
    if unit > _LAST_UNIT:
        raise ConfigError(f"unit {unit}: a unit id is 0 to {_LAST_UNIT}")
    return unit
