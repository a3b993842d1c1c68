"""`/metrics`: what health says, for Prometheus; and the examples that ask for it."""

import json
import re
from pathlib import Path

import httpx
import pytest

from sukusuku_api.exposition import exposition
from sukusuku_api.schemas.health import CollectorOut, GroupOut, HealthOut, LeaseOut
from sukusuku_core.model import Reading
from sukusuku_server.db.leases import Collector, Collectors
from sukusuku_server.kpi import series
from sukusuku_server.model.series import SeriesOwner
from tests.api.conftest import NOW
from tests.api.two_centres import World

EXAMPLES = Path(__file__).parents[2] / "dashboards" / "deploy" / "prometheus"
_OF_PROMETHEUS = {"up"}


def _asked(world: World, api: httpx.Client) -> dict[str, float]:
    """Every sample of the text by its name and labels."""
    answer = api.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_metrics_say_what_health_says(world: World, api: httpx.Client) -> None:
    world.commit(Reading("tobu-pi", "Buffer/Rows", NOW - 5000, 7), Reading("tobu-pi", "Buffer/Dropped", NOW - 5000, 2))
    world.store.put_derived(
        "host/sukusuku", NOW - 2, NOW - 1, [Reading("host/sukusuku", series.DERIVATION_LAG, NOW - 1, 16.5)]
    )
    found = _asked(world, api)
    assert found["sukusuku_healthy"] == 1
    assert found['sukusuku_edge_waiting_readings{edge="tobu-pi"}'] == 7
    assert found['sukusuku_edge_dropped_readings_total{edge="tobu-pi"}'] == 2
    assert found['sukusuku_messages_waiting{channel="mail"}'] == 0
    assert found["sukusuku_collector_derivation_lag_seconds"] == 16.5
    assert not re.search("[^\x00-\x7f]|Tobu|東部", api.get("/metrics").text)


def test_metrics_say_whether_somebody_holds_the_lease_and_stands_by(
    world: World, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any("lease" in name for name in _asked(world, api))
    one = Collector("process 1", NOW)
    for holder, standbys in ((one, (one, one)), (None, ())):
        found = Collectors(holder, standbys)
        monkeypatch.setattr("sukusuku_api.health.collectors", lambda *_, found=found: found)
        asked = _asked(world, api)
        assert asked["sukusuku_lease_held"] == (holder is not None)
        assert asked["sukusuku_collectors_standing_by"] == len(standbys)


def test_metrics_say_which_groups_of_sites_somebody_works_for(api: httpx.Client) -> None:
    health = HealthOut.model_validate(api.get("/api/v1/health").json())
    one = CollectorOut(name="process 1", since=health.time)
    leases = {"north": LeaseOut(holder=one, standbys=[]), "south": LeaseOut(holder=None, standbys=[one]), "west": None}
    groups = [GroupOut(id=ident, lease=lease) for ident, lease in leases.items()]
    told = exposition(health.model_copy(update={"groups": groups}), {}).decode()
    found = dict(re.findall(r'sukusuku_group_lease_held\{group="(\w+)"\} (\S+)', told))
    assert found == {"north": "1.0", "south": "0.0", "west": "0.0"}


def test_the_examples_ask_only_for_what_there_is(world: World, api: httpx.Client) -> None:
    own = [Reading("host/sukusuku", figure.name, NOW - 1, 1.0) for figure in series.of(SeriesOwner.HOST)]
    world.store.put_derived("host/sukusuku", NOW - 2, NOW - 1, own)
    text = api.get("/metrics").text
    there = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    board = json.loads((EXAMPLES / "dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    asked += re.findall(r"^\s+expr: (.+)$", (EXAMPLES / "rules.yml").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for query in asked for name in re.findall(r"\b(?:sukusuku_\w+|up)\b", query)}
    assert len(named) > 10
    assert named - there - _OF_PROMETHEUS == set()
