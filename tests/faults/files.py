"""The settings files of a rig."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

GROUP = "toshima"
HOST = "sukusuku"
POINTS = {
    "Fill/Percent": "fill_percent",
    "Cycles/Total": "cycle_counter",
    "State": "state",
    "Film/Remaining": "film_remaining",
    "Motor/Power": "motor_power",
    "Lid/Open": "lid_open",
    "Info/Serial": "serial",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with a retrofit board."""

    id: str
    host: str
    port: int
    modbus_unit: int = 1


def unit_ids(edge: int, count: int) -> list[str]:
    """The asset ids behind the n-th edge node."""
    return [f"unit-{edge}-{n}" for n in range(1, count + 1)]


def node_id(edge: int) -> str:
    """The n-th edge node."""
    return f"pi-{edge}"


def edge_toml(
    path: Path,
    node: str,
    units: Sequence[Unit],
    broker: tuple[str, int],
    *,
    poll: float,
    timeout: float,
    keepalive: int,
    extra: str = "",
) -> Path:
    """`edge.toml`; outbox and accepted log lie beside it under its name. `extra` goes to its end."""
    head = (
        f'group = "{GROUP}"\nnode = "{node}"\nprimary_host = "{HOST}"\n'
        f'[broker]\nhost = "{broker[0]}"\nport = {broker[1]}\nkeepalive = {keepalive}\n'
        f'[outbox]\npath = "{path.stem}.db"\naccepted_log = "{path.stem}.jsonl"\n'
    )
    parts = [head]
    for unit in units:
        parts.append(
            f'[[device]]\nid = "{unit.id}-board"\nprofile = "sukusuku-retrofit-board"\nhost = "{unit.host}"\n'
            f"port = {unit.port}\nunit = {unit.modbus_unit}\npoll = {poll}\ntimeout = {timeout}\n"
        )
        parts.append(f'[[asset]]\nid = "{unit.id}"\nkind = "unit"\nsource = "simulated"\n')
        parts += [
            f'[[asset.binding]]\nmetric = "{metric}"\ndevice = "{unit.id}-board"\npoint = "{point}"\n'
            for metric, point in POINTS.items()
        ]
    path.write_text("".join([*parts, extra]), encoding="utf-8")
    return path


def facility_toml(
    path: Path, edges: Iterable[tuple[str, Sequence[str]]], broker: tuple[str, int], keepalive: int, extra: str = ""
) -> Path:
    """`facility.toml` with one site; its store is `readings.db` beside it. `extra` goes to its end."""
    head = (
        f'host_id = "{HOST}"\n[operator]\nid = "{GROUP}"\nname = {{ja = "豊島区", en = "Toshima"}}\n'
        f'[broker]\nhost = "{broker[0]}"\nport = {broker[1]}\nkeepalive = {keepalive}\n'
        '[[site]]\nid = "tobu"\nname = {ja = "東部", en = "Tobu"}\n'
    )
    parts = [head]
    parts += [
        f'[[site.unit]]\nid = "{unit}"\nname = {{ja = "{unit}", en = "{unit}"}}\nedge = "{node}"\n'
        for node, units in edges
        for unit in units
    ]
    path.write_text("".join([*parts, extra]), encoding="utf-8")
    return path


def mosquitto_conf(path: Path, addresses: Sequence[str], port: int, *, persistent: bool) -> Path:
    """`mosquitto.conf`; a persistent broker writes every change to `broker/` beside the file."""
    text = "".join(f"listener {port} {address}\n" for address in addresses)
    text += "allow_anonymous true\nmax_queued_messages 0\n"
    if persistent:
        folder = path.with_name("broker")
        folder.mkdir(exist_ok=True)
        text += f"persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"
        text += "user root\n" if folder.owner() == "root" else ""
    else:
        text += "persistence false\n"
    path.write_text(text, encoding="utf-8")
    return path
