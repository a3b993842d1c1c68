from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_edge.settings import SerialBus, read
from sukusuku_edge.sources import modbus
from tests.edge import edge_settings

BUS = '[[bus]]\nid = "rs485"\nport = "/dev/ttyUSB0"\n'
METERS = """
[[device]]
id = "meter"
profile = "peacefair-pzem-016"
bus = "rs485"
unit = 3
[[device]]
id = "level"
profile = "apg-mnu"
bus = "rs485"
unit = 4
[[asset]]
id = "unit"
kind = "unit"
[[asset.binding]]
metric = "Motor/Power"
device = "meter"
point = "power"
[[asset.binding]]
metric = "Fill/Distance"
device = "level"
point = "distance"
"""
LASER = METERS.replace("apg-mnu", "dfrobot-sen0492")


def test_a_bus_is_as_its_devices_leave_the_factory() -> None:
    edge = edge_settings.edge(edge_settings.HEAD + BUS + METERS)

    assert edge.buses == {"rs485": SerialBus("rs485", "/dev/ttyUSB0", 9600, "N", 1)}


def test_what_the_settings_say_goes_before_the_factory() -> None:
    edge = edge_settings.edge(edge_settings.HEAD + BUS + 'baud = 19200\nparity = "E"\nstop_bits = 2\n' + LASER)

    assert edge.buses == {"rs485": SerialBus("rs485", "/dev/ttyUSB0", 19_200, "E", 2)}


def test_devices_of_one_bus_share_its_line_and_those_of_one_gateway_too() -> None:
    def lines(text: str) -> set[int]:
        return {id(one._line) for one in modbus.sources(edge_settings.edge(edge_settings.HEAD + text), lambda: 0)}

    assert len(lines(BUS + METERS)) == 1
    assert len(lines(METERS.replace('bus = "rs485"', 'host = "gateway"'))) == 1
    assert len(lines(METERS.replace('bus = "rs485"', 'host = "a"', 1).replace('bus = "rs485"', 'host = "b"'))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            BUS + LASER,
            "`baud` is missing, and its devices leave the factory with peacefair-pzem-016 9600, dfrobot-sen0492 115200",
        ),
        (BUS, "bus[0] (rs485): `baud` is missing, and no profile on it names one"),
        (BUS + METERS.replace("unit = 3", "unit = 4"), "device[1] (level).unit: unit 4 is already meter"),
        (BUS + METERS.replace("unit = 3", "unit = 0"), "device[0] (meter).unit: found 0; a unit on a serial line is 1"),
        (METERS, "device[0] (meter).bus: there is no bus `rs485`; there are: none"),
        (BUS + METERS.replace("unit = 3", 'topic = "t"'), "device[0] (meter).topic: profile peacefair-pzem-016 is"),
        (
            BUS + 'baud = 9600\nparity = "N"\nstop_bits = 1\n' + BUS.replace('"rs485"', '"other"') + METERS,
            "bus[1] (other).port: /dev/ttyUSB0 is already the port of rs485",
        ),
        (
            BUS + edge_settings.EYE.replace("topic", 'bus = "rs485"\ntopic'),
            "device[0] (eye).bus: profile milesight-vs133 is an",
        ),
        (BUS + 'parity = "X"\n' + METERS, "bus[0].parity: found 'X'. Allowed: N, E, O"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(edge_settings.write(tmp_path, edge_settings.HEAD + text))
    assert expected in str(caught.value)
