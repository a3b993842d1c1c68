"""A small facility and the latest values of its assets, for the tests of alerts and mails."""

import functools
from collections.abc import Mapping
from functools import cache

from sukusuku_core.model import Quality, Value
from sukusuku_core.settings import parse
from sukusuku_server.model.series import Latest
from sukusuku_server.settings import Facility

T0 = 1_795_308_060_000
"""2026-11-22 09:41:00 in Tokyo, in UTC ms: a Sunday, on which the centre is closed; so all rules here are urgent."""
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
UNIT, ROOM, SITE = "tobu-unit-1", "tobu-room-1", "tobu"

FACILITY = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima City"}
[web]
url = "https://wall.example.jp"
[mail]
sender = "sukusuku@example.jp"
[alerts]
fill_for = 60.0
fault_for = 60.0
over_capacity_for = 300.0
silent_after = 1800.0
urgent = [
    "collection", "unit_fault", "film_low", "room_over_capacity", "asset_silent", "kg_limit", "stock_low",
]
[[site]]
id = "tobu"
name = {ja = "東部子ども家庭支援センター", en = "East Child and Family Centre"}
[[site.unit]]
id = "tobu-unit-1"
name = {ja = "おむつ圧縮機1", en = "Nappy unit 1"}
edge = "tobu-pi"
[[site.room]]
id = "tobu-room-1"
name = {ja = "一時保育室", en = "Drop-in care room"}
edge = "tobu-pi"
capacity = 8
[[contact]]
name = "東部センター"
mail = "tobu@example.jp"
[[contact]]
name = "Integrator"
mail = "integrator@example.jp"
language = "en"
"""


@functools.cache
@cache
def facility(text: str = FACILITY) -> Facility:
    return parse(text, Facility, "facility.toml")


def values(time: int, found: Mapping[str, Value | None], quality: Quality = Quality.GOOD) -> dict[str, Latest]:
    """Latest values of one asset, all measured at `time` and received then."""
    return {metric: Latest(time, value, quality, time) for metric, value in found.items()}


def gone(time: int, *metrics: str, good: int | None, quality: Quality = Quality.STALE) -> dict[str, Latest]:
    """Metrics that have not been GOOD since `good`, as the edge node said at `time`."""
    return {metric: Latest(time, None, quality, time, good_before=good) for metric in metrics}
