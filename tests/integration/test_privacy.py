"""Sensors and strangers send pictures, addresses, tracks and names; the counts arrive, and nothing else is kept.

The real programs over a real broker. Every file that they write and every message that they publish is searched.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.faults.program import Program, says_ready
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE

NAME = f"Hanako-{secrets.token_hex(8)}"
TRACK = f"track-{secrets.token_hex(8)}"
SEEN = f"JFIF-{secrets.token_hex(12)}"
ADDRESS = secrets.token_bytes(6)
MAC = ADDRESS.hex(":")
PICTURE = base64.b64encode(b"\xff\xd8\xff\xe0" + SEEN.encode() + b"\xff\xd9").decode()

EDGE = """
group = "toshima"
node = "tobu-pi"
primary_host = "sukusuku"
[broker]
port = {port}
[outbox]
path = "outbox.db"
accepted_log = "accepted.jsonl"
[[asset]]
id = "tobu-room"
kind = "room"
"""
FACILITY = """
[operator]
id = "toshima"
name = {{ja = "豊島区", en = "Toshima"}}
[broker]
port = {port}
[[site]]
id = "tobu"
name = {{ja = "東部", en = "Tobu"}}
[[site.room]]
id = "tobu-room"
name = {{ja = "室", en = "Room"}}
edge = "tobu-pi"
capacity = 12
[[site.room]]
id = "seibu-room"
name = {{ja = "室", en = "Room"}}
edge = "seibu-pi"
capacity = 12
"""
BOUND = (
    ("milesight-vs121-p", "Occupancy/Count", "people"),
    ("milesight-vs133", "Zones/play/Count", "region_1_count"),
    ("esphome-room", "Zones/eating/Count", "people"),
    ("zigbee2mqtt-presence", "Presence", "presence"),
    ("xovis", "Entries/Total", "entries"),
)
"""Profile (also the id and topic of a sensor), metric and point."""
COUNTED = {"Occupancy/Count": 7, "Zones/play/Count": 3, "Zones/eating/Count": 5, "Presence": True}


def telling() -> dict[str, object]:
    """What a sensor should never send."""
    return {
        "snapshot": f"data:image/jpeg;base64,{PICTURE}",
        "tracks": [{"id": TRACK, "mac": MAC, "positions": [[1, 2]]}],
        "macAddress": MAC.upper(),
        "deviceName": NAME,
        "tags": {"child": NAME, "nameTag": NAME, "photo": PICTURE},
    }


def messages(number: int) -> Iterator[tuple[str, bytes]]:
    """One round of all sensors: what cannot be read, then what can."""
    yield from (("milesight-vs121-p", junk) for junk in _junk())
    yield "esphome-room/sensor/people/state", PICTURE.encode()
    people = {"current_total": 7, "device_info": {"device_mac": MAC, **telling()}, **telling()}
    yield "milesight-vs121-p", json.dumps(people).encode()
    uplink = {
        "object": {"region_1_count": 3, **telling()},
        "deviceInfo": telling(),
        "data": PICTURE,
        "rxInfo": [telling()],
    }
    yield "milesight-vs133", json.dumps(uplink).encode()
    yield "milesight-vs133", json.dumps({"object": {"region_1_count": f"{NAME} {MAC}"}}).encode()
    yield "milesight-vs133", json.dumps(uplink).encode()
    yield "esphome-room/sensor/people/state", b"5"
    yield "zigbee2mqtt-presence", json.dumps({"presence": True, "device": {"ieeeAddr": MAC}, **telling()}).encode()
    counts = [{"id": 0, "name": "fw", "value": 1}]
    logics = [{"id": 1, "records": [{"counts": counts}], **telling()}]
    package = {"package_info": {"id": number}, "sensor_info": telling(), "logics": logics, "trackedObjects": [TRACK]}
    yield "xovis", json.dumps({"logics_data": package}).encode()


def _junk() -> Iterator[bytes]:
    whole = json.dumps(telling())
    yield whole[:-1].encode()
    yield f'"{NAME} {MAC}"'.encode()
    yield base64.b64decode(PICTURE)
    yield (f'{{"snapshot": "{PICTURE * 1500}"}}').encode()
    yield ('{"a":' * 20 + whole + "}" * 20).encode()


def strangers() -> Iterator[tuple[str, bytes]]:
    """An edge node of somebody else's, allowed in `facility.toml`, that publishes what it likes."""
    now = now_ms()

    def body(seq: int, *found: Metric) -> bytes:
        return sparkplug.encode(Payload(now, found, seq))

    private = [Metric("Snapshot", PICTURE, now, DataType.STRING), Metric("Phones/MAC", MAC, now, DataType.STRING)]
    unknown = [Metric("Remark", f"{NAME} {TRACK}", now, DataType.STRING)]
    image = base64.b64decode(PICTURE)
    inside = b"\x0a\x06Camera\x20\x11\x82\x01" + bytes([len(image)]) + image  # a metric of datatype Bytes
    camera = b"\x12" + bytes([len(inside)]) + inside + b"\x2a" + bytes([len(image)]) + image  # and a body
    at = "spBv1.0/toshima/{}/seibu-pi{}".format
    count = "Occupancy/Count"
    yield at("NBIRTH", ""), body(0, Metric(sparkplug.BDSEQ, 0, now, DataType.INT64))
    yield at("DBIRTH", "/seibu-room"), body(1, Metric(count, 4, now, DataType.INT64), *private, *unknown)
    yield at("DDATA", "/seibu-room"), body(2) + camera
    yield at("DDATA", "/seibu-room"), body(3, Metric(count, f"{NAME} {MAC}", now))
    yield at("DBIRTH", "/nowhere"), body(4, Metric(count, 2, now, DataType.INT64), *private) + camera
    for junk in _junk():
        yield at("DDATA", "/seibu-room"), junk
    yield at("DDATA", "/seibu-room"), body(5, Metric(count, 9, now + 1))


def forms() -> dict[bytes, str]:
    """Every way in which what was sent could be kept."""
    found: dict[bytes, str] = {}
    for what in (NAME, TRACK, SEEN, MAC, MAC.replace(":", "-"), MAC.replace(":", "")):
        for text in (what, what.upper(), what.lower()):
            raw = text.encode()
            found |= dict.fromkeys(
                (raw, raw.hex().encode(), raw.hex().upper().encode(), text.encode("utf-16-le")), what
            )
            for shift in range(3):  # base64 of it somewhere within other bytes
                found[base64.b64encode(bytes(shift) + raw)[4 if shift else 0 : -4]] = what
    return found | {ADDRESS: MAC, PICTURE[:24].encode(): SEEN, b"\xff\xd8\xff\xe0": "a picture"}


def kept(content: bytes) -> set[str]:
    """What of it is found."""
    return {what for form, what in forms().items() if form in content}


def files(folder: Path) -> dict[str, set[str]]:
    """The files in which something of it is found."""
    contents = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: found for name, content in contents.items() if (found := kept(content))}


@contextlib.asynccontextmanager
async def programs(folder: Path, port: int) -> AsyncIterator[Path]:
    """Collector and edge agent, each in a folder of its own. Yields the store of the collector."""
    sensors = "".join(
        f'[[asset.binding]]\nmetric = "{metric}"\ndevice = "{profile}"\npoint = "{point}"\n'
        for profile, metric, point in BOUND
    ) + "".join(f'[[device]]\nid = "{it}"\nprofile = "{it}"\ntopic = "{it}"\n' for it, _, _ in BOUND)
    running = []
    for name, text, module in (
        ("facility", FACILITY, ["sukusuku_collector"]),
        ("edge", EDGE + sensors, ["sukusuku_edge", "run"]),
    ):
        path = folder / name / f"{name}.toml"
        path.parent.mkdir()
        path.write_text(text.format(port=port), encoding="utf-8")
        command = [sys.executable, "-m", *module, str(path)]
        running.append(Program(name, command, path.with_suffix(".log"), says_ready))
    try:
        for program in running:
            await program.start()
        yield folder / "facility" / "readings.db"
    finally:
        for program in reversed(running):
            await program.stop()


def test_the_forms_are_found_where_they_are() -> None:
    assert kept(b"{" + PICTURE.encode() + b"}") == {SEEN}
    assert kept(base64.b64decode(PICTURE)) == {SEEN, "a picture"}
    assert kept(b"xx" + base64.b64encode(f"xy{NAME}z".encode()) + MAC.upper().encode()) == {NAME, MAC}
    assert kept(ADDRESS + TRACK.encode().hex().encode()) == {MAC, TRACK}


def test_counts_arrive_and_nothing_that_could_name_a_child_is_kept_anywhere(tmp_path: Path) -> None:
    published: list[tuple[str, bytes]] = []

    async def scenario(port: int) -> None:
        settings = MqttSettings("127.0.0.1", port, "observer")
        async with MqttSession(settings) as mqtt, programs(tmp_path, port) as store:
            mqtt.subscribe(["sukusuku/#", "spBv1.0/toshima/+/tobu-pi/#", "spBv1.0/toshima/NCMD/#", "spBv1.0/STATE/#"])
            for topic, payload in strangers():
                mqtt.publish(topic, payload, 1)
            number = 0
            while not _arrived(store):
                number += 1
                for topic, payload in messages(number):
                    mqtt.publish(topic, payload, 1)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):  # the sensors' connection may not have been there yet
                        while not _arrived(store):
                            published.extend((item.topic, item.payload) for item in await mqtt.receive())
            assert files(tmp_path) == {}, "while they run"

    async def bounded(port: int) -> None:
        async with asyncio.timeout(PATIENCE):
            await scenario(port)

    with mosquitto() as port:
        asyncio.run(bounded(port))

    assert files(tmp_path) == {}, "when they have ended"
    assert {"edge/outbox.db", "edge/accepted.jsonl", "facility/readings.db", "facility/operations.db"} <= {
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")
    }
    assert {topic: found for topic, payload in published if (found := kept(payload))} == {}
    assert "sukusuku/toshima/tobu/tobu-room/state" in dict(published)
    assert "not read, not kept" in (tmp_path / "edge" / "edge.log").read_text("utf-8")
    with sqlite3.connect(tmp_path / "facility" / "readings.db") as store:
        reasons = {row[0] for row in store.execute("SELECT reason FROM quarantine")}
        (waiting,) = store.execute("SELECT count(*) FROM unassigned").fetchone()
    store.close()
    assert reasons >= {"protobuf", "wrong-type"}, "the hostile messages were read and refused"
    said = (tmp_path / "facility" / "facility.log").read_text("utf-8")
    assert "Phones/MAC" in said, "metrics that nobody knows are named once, without what they say"
    assert waiting == 1


def _arrived(store: Path) -> bool:
    reader = SqliteStore.open_reader(store)
    try:
        latest = reader.latest()
    finally:
        reader.close()
    rooms = {room: {name: found.value for name, found in metrics.items()} for room, metrics in latest.items()}
    own, other = rooms.get("tobu-room", {}), rooms.get("seibu-room", {})
    return COUNTED.items() <= own.items() and "Entries/Total" in own and other.get("Occupancy/Count") == 9
