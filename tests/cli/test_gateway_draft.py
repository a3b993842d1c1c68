"""`sukusuku tap --suggest`: a draft of `[[gateway]]` from what is on the wire."""

import asyncio
import tomllib
from typing import Any

import pytest

from sukusuku_cli.gateway_draft import CHOOSE, Draft, guess
from sukusuku_cli.tap import suggest
from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_mqtt import Message, MqttSettings
from sukusuku_server import settings
from sukusuku_server.settings import Facility
from tests.collector.ingest.foreign_gateway import ForeignGateway
from tests.collector.running_collector import run
from tests.collector.small_facility import FACILITY
from tests.collector.wired_gateway import gateway
from tests.sparkplug.recording_stage import until

LEVEL: dict[str, Any] = {"name": "Press/fillLevel", "alias": 1, "datatype": 9, "value": 41.5}
UPTIME: dict[str, Any] = {"name": "Uptime", "datatype": 8, "value": 5}
TEMPLATE: dict[str, Any] = {"name": "Motor", "datatype": 19, "value": b"x"}


@pytest.mark.parametrize(
    ("name", "datatype", "metric"),
    [
        ("Fill_Level", 9, "Fill/Percent"),
        ("Press/fillLevel", 7, "Fill/Percent"),
        ("Temp", 9, "Temperature"),
        ("Motor Power", 10, "Motor/Power"),
        ("LidOpen", 11, "Lid/Open"),
        ("Cycles", 8, "Cycles/Total"),
        ("PresenceDetected", 11, "Presence"),
        ("People", 6, "Occupancy/Count"),
        ("Serial", 12, "Info/Serial"),
        ("LidOpen", 12, None),
        ("Uptime", 8, None),
        ("Temp", 11, None),
        ("", 9, None),
        ("東部", 9, None),
    ],
)
def test_what_a_name_probably_is(name: str, datatype: int, metric: str | None) -> None:
    found = guess(name, datatype)
    assert (None if found is None else found.name) == metric


def births(says: ForeignGateway) -> list[Message]:
    return [says.nbirth(UPTIME), says.birth('press "1"', LEVEL, UPTIME, TEMPLATE)]


def test_the_draft_needs_nothing_but_the_assets() -> None:
    draft = Draft()
    for message in births(ForeignGateway("Edge Node 1")):
        assert draft.hear(message) is None
    text = draft.text()
    (found,) = tomllib.loads(text)["gateway"]
    assert (found["id"], found["node"]) == ("edge-node-1", "Edge Node 1")
    assert found["metric"] == [
        {"device": 'press "1"', "name": "Press/fillLevel", "asset": CHOOSE, "metric": "Fill/Percent"}
    ]
    assert "# Float, such as 41.5" in text
    assert "#   Uptime  UInt64, such as 5" in text
    assert '#   press "1": Motor  Template' in text

    whole = FACILITY.format(port=1883) + text
    with pytest.raises(ConfigError, match=f"no unit or room `{CHOOSE}`; there are"):
        settings.check(parse(whole, Facility, "f"), "f")
    settings.check(parse(whole.replace(CHOOSE, "unit-1"), Facility, "f"), "f")


def test_nodes_without_a_birth_are_asked_once_and_said() -> None:
    draft, says = Draft(), ForeignGateway("gw")
    assert draft.hear(says.data("a", LEVEL)) == ("toshima", "gw")
    assert draft.hear(says.data("a", LEVEL)) is None
    assert "heard, but not born" in draft.text()


def test_edge_nodes_of_ours_need_no_draft() -> None:
    draft, says = Draft(), ForeignGateway("tobu-pi")
    acks = [{"name": f"Node Control/Ack {name}", "datatype": 4, "value": 0} for name in ("Birth", "Count")]
    draft.hear(says.nbirth(*acks))
    assert "no gateway of another make" in draft.text()


def test_a_name_that_no_settings_file_can_hold_stays_a_remark() -> None:
    draft, says = Draft(), ForeignGateway("gw")
    for message in (says.nbirth(), says.birth("a", LEVEL | {"name": "fill\x1b[31m level"})):
        draft.hear(message)
    text = draft.text()
    assert "\x1b" not in text
    assert "metric" not in tomllib.loads(text)["gateway"][0]


def test_a_gateway_on_the_wire_is_asked_for_its_birth(broker: int) -> None:
    draft = Draft()

    async def scenario() -> None:
        async with gateway(broker, births) as made:
            listening = asyncio.create_task(suggest(MqttSettings("127.0.0.1", broker, "tap"), "+", draft))
            while not made.asked.is_set():
                made.send(made.says.data(None, UPTIME))
                await asyncio.wait([asyncio.create_task(made.asked.wait())], timeout=0.1)
            await until(lambda: "press" in draft.text())
            listening.cancel()

    run(scenario())
    assert 'metric = "Fill/Percent"' in draft.text()
