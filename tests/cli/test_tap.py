"""`sukusuku tap`: messages become lines that people can read."""

import zlib
from typing import Any
from zoneinfo import ZoneInfo

from sukusuku_cli.tap import Table
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_core.state import HostState
from sukusuku_mqtt import Message
from tests.collector.ingest.foreign_gateway import ForeignGateway

NOW = 1_776_218_400_000  # 2026-04-15 11:00:00 in Japan


def _show(*messages: Message) -> list[str]:
    table = Table(ZoneInfo("Asia/Tokyo"))
    return [line for message in messages for line in table.lines(message, NOW)]


def test_a_session_is_shown_as_a_table() -> None:
    birth = Payload(
        NOW,
        (
            Metric("Fill/Percent", 71.5, NOW - 2000, DataType.DOUBLE),
            Metric("State", None, NOW, DataType.INT64, quality=Quality.STALE),
        ),
        1,
    )
    data = Payload(NOW, (Metric("Fill/Percent", 72.0, NOW - 60_000, historical=True),), 2)

    lines = _show(
        Message("spBv1.0/STATE/sukusuku", HostState(online=True, timestamp=NOW).encode()),
        Message("spBv1.0/toshima/DBIRTH/tobu-pi/tobu-unit-1", sparkplug.encode(birth)),
        Message("spBv1.0/toshima/DDATA/tobu-pi/tobu-unit-1", sparkplug.encode(data)),
    )

    assert [line.split() for line in lines] == [
        ["11:00:00.000", "STATE", "sukusuku", "online", str(NOW)],
        ["11:00:00.000", "DBIRTH", "tobu-pi/tobu-unit-1", "1", "Fill/Percent", "71.5", "2.0", "s"],
        ["State", "(null)", "STALE", "0.0", "s"],
        ["11:00:00.000", "DDATA", "tobu-pi/tobu-unit-1", "2", "Fill/Percent", "72.0", "60.0", "s", "H"],
    ]


def test_columns_stand_below_each_other_with_japanese_values() -> None:
    payload = Payload(NOW, (Metric("名前", "東部", NOW), Metric("Name", "East", NOW)), 0)

    head = Table(ZoneInfo("Asia/Tokyo")).head()
    _, plain = _show(Message("spBv1.0/g/NDATA/n", sparkplug.encode(payload)))

    assert plain.index("East") == head.index("value")
    assert plain.index("0.0 s") == head.index("age")


def test_what_cannot_be_read_is_said_and_survived() -> None:
    lines = _show(Message("spBv1.0/g/NDATA/n", b"\xff\xff"), Message("spBv1.0/STATE/h", b"ONLINE"))

    assert ["unreadable" in line for line in lines] == [True, True]


def test_control_characters_of_a_peer_do_not_reach_the_terminal() -> None:
    payload = Payload(NOW, (Metric("Name", "\x1b[31mred\n\u202eback", NOW),), 0)

    lines = _show(Message("spBv1.0/g/NDATA/n", sparkplug.encode(payload)))

    assert len(lines) == 1
    assert lines[0].isprintable()


def test_aliases_are_shown_by_name_and_one_template_costs_its_own_cell_only() -> None:
    gateway = ForeignGateway("plc")
    level: dict[str, Any] = {"name": "Level", "alias": 1, "datatype": 9, "value": 41.5}
    recipe: dict[str, Any] = {"name": "Recipe", "datatype": 19, "value": b"x"}
    data: dict[str, Any] = {"alias": 1, "datatype": 9, "value": 44.25}
    stray: dict[str, Any] = {"alias": 17, "datatype": 4, "value": 5}
    lines = _show(gateway.nbirth(recipe), gateway.birth("a", level, recipe), gateway.data("a", data, recipe, stray))

    cells = [line.split()[:-2] for line in lines if "Level" in line]
    assert [cell[-2:] for cell in cells] == [["Level", "41.5"], ["Level", "44.25"]]
    assert [line.split()[-2:] for line in lines if "Recipe" in line] == [["Recipe", "(Template)"]] * 3
    assert lines[-1].split() == ["alias", "17", "(alias)"]


def test_a_birth_that_repeats_an_alias_is_said() -> None:
    gateway = ForeignGateway("plc")
    twice = [{"name": name, "alias": 1, "datatype": 9, "value": 1.5} for name in ("Level", "Depth")]
    lines = _show(gateway.nbirth(), gateway.birth("a", *twice))

    assert any("alias 1 stands for" in line for line in lines)


def test_a_compressed_payload_is_shown() -> None:
    inner = sparkplug.encode(Payload(NOW, (Metric("Level", 41.5, NOW, DataType.DOUBLE),), 3))
    outer = sparkplug.PayloadMessage(uuid=sparkplug.COMPRESSED, body=zlib.compress(inner))

    (line,) = _show(Message("spBv1.0/g/NDATA/n", outer.SerializeToString()))

    assert line.split()[3:6] == ["3", "Level", "41.5"]
