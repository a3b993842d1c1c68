"""Gateways of other makes over a real broker, from their births to the mirror that people see."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sukusuku_core.clock import now_ms
from sukusuku_mqtt import Message
from sukusuku_server import settings
from tests.collector.ingest.foreign_gateway import ForeignGateway
from tests.collector.running_collector import STATE, collector, observer, run
from tests.collector.small_facility import facility_file, facility_in
from tests.collector.wired_gateway import gateway

FILL: dict[str, Any] = {"name": "Fill/Percent", "alias": 1, "datatype": 9}


def shows(level: float) -> Callable[[Message], bool]:
    """Whether the mirror shows unit-1 as fresh at this level."""

    def found(message: Message) -> bool:
        if not message.topic.endswith("/unit-1/state") or not message.payload:
            return False
        body = json.loads(message.payload)
        return body["level"] == level and not body["stale"]

    return found


_times = itertools.count(now_ms())
"""A reading of the same millisecond would be taken for one that came twice."""


def by_alias(value: float) -> dict[str, Any]:
    return {"alias": 1, "datatype": 9, "value": value, "time": next(_times)}


def test_a_gateway_with_aliases_is_read_before_and_after_a_restart_of_the_collector(
    broker: int, tmp_path: Path
) -> None:
    facility = facility_in(tmp_path, broker)

    def births(says: ForeignGateway) -> list[Message]:
        return [says.nbirth(), says.birth("unit-1", FILL | {"value": 41.5, "time": next(_times)})]

    async def scenario() -> None:
        async with observer(broker, "sukusuku/#", STATE) as seen:
            async with collector(facility):
                await seen.state(online=True)
                async with gateway(broker, births) as made:
                    await seen.next(shows(41.5))
                    made.send(made.says.data("unit-1", by_alias(44.25)))
                    await seen.next(shows(44.25))
            await seen.state(online=False)
            async with gateway(broker, births) as made, collector(facility):
                await seen.state(online=True)
                made.send(made.says.data("unit-1", by_alias(50.0)))
                await made.asked.wait()
                made.send(made.says.data("unit-1", by_alias(52.5)))
                await seen.next(shows(52.5))

    run(scenario())


MAPPING = """
[[gateway]]
id = "bms"
node = "Edge Node 1"

[[gateway.metric]]
device = "press *"
name = "Level"
asset = "unit-*"
metric = "Fill/Percent"
scale = 0.1
"""


def test_a_mapped_gateway_is_shown_as_the_unit_that_it_feeds(broker: int, tmp_path: Path) -> None:
    path = facility_file(tmp_path, broker)
    path.write_text(path.read_text(encoding="utf-8") + MAPPING, encoding="utf-8")
    level: dict[str, Any] = {"name": "Level", "datatype": 6}

    def births(says: ForeignGateway) -> list[Message]:
        return [says.nbirth(), says.birth("press 1", level | {"value": 415, "time": next(_times)})]

    async def scenario() -> None:
        async with observer(broker, "sukusuku/#", STATE) as seen, collector(settings.read(path)):
            await seen.state(online=True)
            async with gateway(broker, births, "Edge Node 1") as made:
                await seen.next(shows(41.5))
                made.send(made.says.data("press 1", level | {"value": 440, "time": next(_times)}))
                await seen.next(shows(44.0))
                made.send(made.says.ndeath())
                await seen.next(lambda item: item.topic.endswith("/unit-1/state") and b'"stale":true' in item.payload)

    run(scenario())
