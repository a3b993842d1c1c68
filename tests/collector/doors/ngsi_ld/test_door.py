"""Units and rooms as a context broker hears of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sukusuku_collector.doors import registry
from sukusuku_collector.doors.ngsi_ld.broker import LARGEST, MOST
from sukusuku_collector.doors.ngsi_ld.door import AGAIN_MS, Teller, open_door
from sukusuku_collector.doors.protocol import World
from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_core.supervision import always
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, NgsiLd, Secret
from tests.collector.doors.ngsi_ld.context_broker import ContextBroker, serving
from tests.support.databases import both
from tests.support.stores import commit

NOW = 1_795_000_000_000
MINUTE = 60_000
UNIT, ROOM = "urn:ngsi-ld:WasteContainer:toshima:u1", "urn:ngsi-ld:IndoorEnvironmentObserved:toshima:r1"
FACILITY = """
operator = { id = "toshima", name = { ja = "豊島区", en = "Toshima" } }
[[site]]
id = "tobu"
name = { ja = "東部", en = "Tobu" }
place = { lat = 35.74, lon = 139.71 }
unit = [{ id = "u1", name = { ja = "圧縮機 1", en = "Unit 1" }, edge = "pi" }]
room = [{ id = "r1", name = { ja = "保育室", en = "Room" }, edge = "pi", capacity = 10 }]
"""


@pytest.fixture
def broker() -> Iterator[ContextBroker]:
    with serving() as found:
        yield found


class Rig:
    """A store, a door and a broker; the time is set by hand."""

    def __init__(self, folder: Path, broker: ContextBroker, text: str = FACILITY, **keys: Any) -> None:
        (self.store, self.operations), self.now, self.broker = both(folder), NOW, broker
        index = FacilitySchedules(parse(text, Facility, "facility.toml"))
        self.world = World(index, self.operations, lambda: self.now, always, self.store)
        self.teller = Teller(self.world, NgsiLd(url=broker.url, **keys))

    def measure(self, asset: str, **values: float | bool) -> None:
        names = {"level": "Fill/Percent", "lid": "Lid/Open", "people": "Occupancy/Count", "heat": "Temperature"}
        names |= {"children": "Occupancy/Children"}
        commit(self.store, [Reading(asset, names[key], self.now, value) for key, value in values.items()], self.now)

    def told(self, ident: str) -> dict[str, Any]:
        self.teller.look()
        return {key: it["value"] for key, it in self.broker.entities[ident].items() if isinstance(it, dict)}

    def close(self) -> None:
        self.store.close()
        self.operations.close()


MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig(tmp_path: Path, broker: ContextBroker) -> Iterator[MakeRig]:
    made: list[Rig] = []

    def make(*text: str, **keys: Any) -> Rig:
        made.append(Rig(tmp_path, broker, *text, **keys))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return make_rig(rooms=True, child_counts=True)


def test_a_unit_is_a_waste_container(rig: Rig) -> None:
    rig.measure("u1", level=41.0, heat=21.26)
    rig.store.put_derived(
        "u1",
        0,
        NOW,
        [
            Reading("u1", metric, NOW, value)
            for metric, value in (
                ("Fill/Estimate", 47.3),
                ("Fill/Nappies", 28.0),
                ("Bag/Age", 2.0),
                ("Bag/HoursLeft", 70.0),
                ("Forecast/Hours10", 5.0),
            )
        ],
    )
    found = rig.told(UNIT)
    assert found["fillingLevel"] == 0.473, "the estimate"
    assert found["temperature"] == 21.3
    assert found["status"] == "ok"
    assert found["name"] == "東部 圧縮機 1"
    assert found["location"] == {"type": "Point", "coordinates": [139.71, 35.74]}
    assert found["dateLastEmptying"]["@value"] == "2026-11-18T09:06:40Z"
    assert found["nextActuationDeadline"]["@value"] == "2026-11-18T16:06:40Z"
    assert rig.broker.entities[UNIT]["fillingLevel"]["observedAt"] == "2026-11-18T11:06:40Z"


def test_without_an_estimate_it_is_the_sensor_and_never_beyond_full(rig: Rig) -> None:
    rig.measure("u1", level=131.0, lid=True)
    found = rig.told(UNIT)
    assert (found["fillingLevel"], found["status"]) == (1.0, "lidOpen")


def test_what_is_silent_is_unknown_and_its_level_is_gone(rig: Rig) -> None:
    assert rig.told(UNIT)["status"] == "unknown"
    rig.measure("u1", level=41.0)
    assert rig.told(UNIT)["fillingLevel"] == 0.41
    rig.now += 3_600_000
    found = rig.told(UNIT)
    assert found["status"] == "unknown"
    assert "fillingLevel" not in found


@pytest.mark.parametrize(
    ("people", "children", "told"), [(9, 6, 9), (0, 0, 0), (4, 2, None), (6, 4, None), (3, 0, None), (5, 5, 5)]
)
def test_few_people_or_children_are_not_told_how_many(rig: Rig, people: int, children: int, told: int | None) -> None:
    rig.measure("r1", people=people, children=children)
    found = rig.told(ROOM)
    assert found.get("peopleCount") == told
    assert found["peopleCountWithheld"] is (told is None)
    assert found["dateObserved"]["@value"] == "2026-11-18T11:06:40Z"
    assert "children" not in str(rig.broker.entities[ROOM]).lower()


def test_rooms_are_not_told_unless_asked_for(make_rig: MakeRig, broker: ContextBroker) -> None:
    make_rig().teller.look()
    assert list(broker.entities) == [UNIT]


def test_rooms_are_told_without_people_unless_asked_for(make_rig: MakeRig) -> None:
    rig = make_rig(rooms=True)
    rig.measure("r1", people=9, children=6)
    found = rig.told(ROOM)
    assert "peopleCount" not in found
    assert found["condition"] == "ok"


def test_only_what_has_changed_is_told_and_everything_once_an_hour(rig: Rig) -> None:
    for _ in range(3):
        rig.teller.look()
    rig.measure("u1", level=41.0)
    rig.teller.look()
    assert rig.broker.batches == [2, 1]
    rig.now += AGAIN_MS
    rig.measure("u1", level=42.0)
    rig.teller.look()
    assert rig.broker.batches == [2, 1, 2]


def test_many_are_told_in_parts(make_rig: MakeRig, broker: ContextBroker) -> None:
    units = ", ".join(
        f'{{ id = "x{n}", name = {{ ja = "機", en = "U" }}, edge = "pi-{n % 4}" }}' for n in range(MOST + 1)
    )
    text = FACILITY.replace("unit = [", f"unit = [{units}, ")
    make_rig(text).teller.look()
    assert broker.batches == [MOST, 2]


def test_a_broker_that_is_away_is_told_later(rig: Rig) -> None:
    rig.broker.status = 503
    noted = DoorRecords(rig.operations)
    for _ in range(2):
        with pytest.raises(TransientError, match="answers 503: not now"):
            rig.teller.look()
        rig.now += MINUTE
    reason = "the context broker answers 503: not now"
    assert noted.all() == {("ngsi_ld", "broker"): Exchanged(None, NOW, reason)}
    rig.broker.status = None
    rig.teller.look()
    rig.now += MINUTE
    rig.teller.look()  # nothing has changed, so nobody is asked
    assert noted.all() == {("ngsi_ld", "broker"): Exchanged(NOW + 2 * MINUTE)}
    assert set(rig.broker.entities) == {UNIT, ROOM}


@pytest.mark.parametrize(
    "body", [b'{"errors":["urn:x"]}', b'{"errors":{"a":1}}', b'{"errors":7}', b"[]", b'{"errors":[{}]}', b"\xff", b""]
)
def test_a_result_that_is_none_is_a_broker_that_is_told_later(rig: Rig, body: bytes) -> None:
    rig.broker.status, rig.broker.said = 207, body
    with pytest.raises(TransientError, match="207 with something else"):
        rig.teller.look()


def test_an_answer_without_end_is_not_read_to_its_end(rig: Rig) -> None:
    rig.broker.status, rig.broker.said = 200, b"x" * (LARGEST + 1)
    with pytest.raises(TransientError, match="answered more than 1000000 bytes"):
        rig.teller.look()


def test_a_refused_entity_is_logged_once_and_holds_up_no_other(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.broker.refuses = {UNIT}
    rig.teller.look()
    rig.measure("u1", level=1.0)
    rig.teller.look()
    assert caplog.text.count("the context broker refuses it") == 1
    assert set(rig.broker.entities) == {ROOM}
    rig.broker.refuses = set()
    rig.measure("u1", lid=True)
    assert rig.told(UNIT)["status"] == "lidOpen"


def test_token_and_tenant_are_sent_and_not_shown(make_rig: MakeRig, broker: ContextBroker) -> None:
    rig = make_rig(token=Secret("s3cret"), tenant="toshima")
    rig.teller.look()
    (sent,) = broker.headers
    assert (sent["Authorization"], sent["NGSILD-Tenant"]) == ("Bearer s3cret", "toshima")
    assert sent["Content-Type"] == "application/ld+json"
    broker.status = 401
    rig.now += AGAIN_MS
    with pytest.raises(TransientError) as told:
        rig.teller.look()
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('url = "http://host"\nchild_counts = true', "without rooms = true"),
        ('url = "host:9090"', "ngsi_ld.url"),
        ('url = "http://host"\ntenant = "a b"', "ngsi_ld.tenant"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(keys: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(f"{FACILITY}\n[ngsi_ld]\n{keys}", Facility, "facility.toml")


def test_it_is_closed_unless_the_settings_open_it(rig: Rig) -> None:
    assert open_door(rig.world) is None
    assert "door ngsi_ld" not in registry.opened(rig.world)
    opened = parse(f'{FACILITY}\n[ngsi_ld]\nurl = "{rig.broker.url}"', Facility, "facility.toml")
    world = World(FacilitySchedules(opened), rig.operations, lambda: NOW, always, rig.store)
    assert "door ngsi_ld" in registry.opened(world)
