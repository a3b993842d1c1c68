"""The facility of the example in collector/deploy/broker. `python -m tests.support.broker_example` writes it anew."""

from collections.abc import Mapping
from pathlib import Path

from sukusuku_cli import broker_files
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility

SHIPPED = Path(__file__).parents[2] / "collector" / "deploy" / "broker"
PLACE = Path("/etc/mosquitto/sukusuku")
PORTS = (8883, 8884, 8901, 8902)
"""With a password, with a certificate, and for the sensors of the two centres."""
_TEXT = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}
[broker]
port = 8883
ca_file = "ca.pem"
[certificates]
[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
sensors_port = 8901
[[site.unit]]
id = "tobu-unit-1"
name = {ja = "1号機", en = "Unit 1"}
edge = "tobu-pi"
[[site]]
id = "seibu"
name = {ja = "西部", en = "Seibu"}
sensors_port = 8902
[[site.unit]]
id = "seibu-unit-1"
name = {ja = "1号機", en = "Unit 1"}
edge = "seibu-pi"
"""


def facility() -> Facility:
    """Two centres, each with an edge node and with sensors."""
    return parse(_TEXT, Facility, "facility.toml")


def files(folder: Path = PLACE, own: str = "") -> Mapping[str, str]:
    """Return what is written for it, as name and text."""
    made = facility()
    return {
        broker_files.CONFIGURATION: broker_files.configuration(made, folder),
        **broker_files.rules(made, folder, own),
    }


if __name__ == "__main__":
    for name, text in files().items():
        (SHIPPED / name).write_text(text, encoding="utf-8")
