"""The page about gateways of other makes: its example is right, and its table is the catalogue."""

import re
from pathlib import Path

from sukusuku_core.catalogue import METRICS
from sukusuku_core.model import AssetKind, FaultCode, UnitState
from sukusuku_core.settings import parse
from sukusuku_server import settings
from sukusuku_server.settings import Facility
from tests.collector.small_facility import FACILITY

PAGE = (Path(__file__).parents[2] / "docs/gateways.md").read_text(encoding="utf-8")


def test_the_example_passes_the_check() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    facility = parse(FACILITY.format(port=1883) + example, Facility, "docs/gateways.md")
    settings.check(facility, "docs/gateways.md")
    assert len(facility.gateway[0].metric) == 3


def test_the_table_lists_every_metric_of_units_and_rooms() -> None:
    listed = re.findall(r"^\| (unit|room) \| `([^`]+)` \| [^|]+ \| ([^|]*) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert listed == [
        (row.kind.value, row.name, row.unit, row.en) for row in METRICS if row.kind is not AssetKind.EDGE_NODE
    ]


def test_states_and_faults_have_their_numbers() -> None:
    words = {"compress": "compressing", "seal": "sealing"}
    text = " ".join(PAGE.split())
    for item in (*UnitState, *FaultCode):
        name = item.name.lower().replace("_", " ")
        assert f"{item.value} {words.get(name, name)}" in text
