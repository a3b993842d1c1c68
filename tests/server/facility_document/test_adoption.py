"""What edge nodes report and nobody has assigned, and the edits that give it a place."""

from pathlib import Path

import pytest

from sukusuku_core import sparkplug
from sukusuku_core.model import AssetKind, Value
from sukusuku_core.settings import parse
from sukusuku_core.sparkplug import Metric, Payload, datatype_of
from sukusuku_server.facility_document.adoption import Candidate, adopted, candidates
from sukusuku_server.facility_document.editing import edited
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.model.series import Quarantined, Unassigned
from sukusuku_server.settings import Facility, Text

TEXT = """[operator]
id = "town"
name = { ja = "町", en = "Town" }

[[site]]
id = "east"
name = { ja = "東", en = "East" }

[[site.room]]
id = "room"
name = { ja = "部屋", en = "Room" }
edge = "pi"
capacity = 9
zone = [{ id = "eating", name = { ja = "食事", en = "Eating" } }]
"""
NAME = Text(ja="新しい", en="New")


def payload(time: int, **values: Value) -> bytes:
    metrics = [(name.replace("_", "/"), value) for name, value in values.items()]
    return sparkplug.encode(
        Payload(time, tuple(Metric(name, value, time, datatype_of(value)) for name, value in metrics), 0)
    )


def kept(device: str, time: int, reason: str = "unknown-asset", edge: str = "pi", **values: Value) -> Unassigned:
    return Unassigned(time, f"spBv1.0/town/DDATA/{edge}/{device}", reason, "", payload(time, **values))


def only(*messages: Unassigned) -> Candidate:
    (found,) = candidates(messages, [])
    return found


def test_a_device_is_shown_with_the_newest_value_of_each_metric() -> None:
    unit = only(
        kept("unit-9", 2000, Fill_Percent=60.0),
        kept("unit-9", 1000, Fill_Percent=50.0, Cycles_Total=7, Unheard_Of=1),
    )

    assert (unit.edge, unit.device, unit.reason, unit.kind) == ("pi", "unit-9", "unknown-asset", AssetKind.UNIT)
    assert (unit.first, unit.last) == (1000, 2000)
    assert [(seen.name, seen.value, seen.unit, seen.ja) for seen in unit.metrics] == [
        ("Cycles/Total", 7, "1", "累計圧縮回数"),
        ("Fill/Percent", 60.0, "%", "充填率"),
        ("Unheard/Of", 1, "", ""),
    ]


def test_a_value_is_the_newest_by_its_own_time_in_whatever_order_messages_came() -> None:
    path = "spBv1.0/town/DDATA/pi/unit-9"
    old, new = payload(1000, Fill_Percent=50.0), payload(2000, Fill_Percent=60.0)
    unit = only(*(Unassigned(5000, path, "unknown-asset", "", content) for content in (new, old)))
    assert [(seen.value, seen.time) for seen in unit.metrics] == [(60.0, 2000)]


def test_devices_of_edge_nodes_that_nobody_knows_are_found_in_the_quarantine() -> None:
    topic = "spBv1.0/town/DBIRTH/new-pi/unit-9"
    rows = [
        Quarantined(5, topic, "unknown-node", "", payload(5, Fill_Percent=1.0)),
        Quarantined(6, "spBv1.0/town/NBIRTH/new-pi", "unknown-node", "", b""),
        Quarantined(7, "nonsense", "unknown-node", "", b"\xff"),
        Quarantined(8, topic, "timestamp", "", payload(8)),
    ]
    (found,) = candidates([], rows)
    assert (found.edge, found.device, found.reason, found.last) == ("new-pi", "unit-9", "unknown-node", 5)


@pytest.fixture
def facility() -> Facility:
    return parse(TEXT, Facility, "facility.toml")


def test_the_edit_makes_a_right_document(facility: Facility, tmp_path: Path) -> None:
    source = FacilityFile(tmp_path / "facility.toml")
    unit = only(kept("unit-9", 1, Fill_Percent=1.0))
    room = only(kept("room-9", 1, Occupancy_Count=1, Zones_play_Count=2))

    new = edited(TEXT, [*adopted(unit, facility, "east", NAME), *adopted(room, facility, "east", NAME, capacity=6)])

    (site,) = source.check(new).site
    assert [(it.id, it.edge, it.name.en) for it in site.unit] == [("unit-9", "pi", "New")]
    assert [(it.id, it.capacity, [zone.id for zone in it.zone]) for it in site.room] == [
        ("room", 9, ["eating"]),
        ("room-9", 6, ["play"]),
    ]


def test_what_is_known_gets_its_new_edge_node_or_its_zones(facility: Facility) -> None:
    moved = only(kept("room", 1, "wrong-edge", "other-pi", Occupancy_Count=1))
    assert parse(edited(TEXT, adopted(moved, facility, "", NAME)), Facility, "f").site[0].room[0].edge == "other-pi"
    zone = only(kept("room", 1, "unknown-zone", Zones_play_Count=2))
    found = parse(edited(TEXT, adopted(zone, facility, "", NAME)), Facility, "f").site[0].room[0].zone
    assert [it.id for it in found] == ["eating", "play"]


def test_what_is_missing_is_told(facility: Facility) -> None:
    with pytest.raises(ValueError, match="whether this is a unit or a room"):
        adopted(only(kept("x", 1, Unheard_Of=1)), facility, "east", NAME)
    with pytest.raises(ValueError, match="needs its capacity"):
        adopted(only(kept("x", 1, Occupancy_Count=1)), facility, "east", NAME)
