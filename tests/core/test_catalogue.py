"""The metric catalogue: one table, no contradictions."""

import pytest

from sukusuku_core import catalogue
from sukusuku_core.catalogue import METRICS, DataType, Metric
from sukusuku_core.model import AssetKind


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: f"{metric.kind}-{metric.name}")
def test_every_row_is_complete(metric: Metric) -> None:
    assert metric.ja
    assert metric.en
    assert catalogue.find(metric.kind, metric.name.replace("*", "eating")) is metric
    assert metric.name in catalogue.names(metric.kind)
    assert metric.deadband >= 0
    if metric.low is not None and metric.high is not None:
        assert metric.low < metric.high
    numeric = metric.datatype in {DataType.INT64, DataType.DOUBLE}
    assert numeric or (metric.low, metric.high, metric.deadband) == (None, None, 0)
    assert not numeric or metric.low is not None


def test_names_are_unique_per_kind_and_do_not_differ_by_case_only() -> None:
    keys = [(metric.kind, metric.name.lower()) for metric in METRICS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", ["", "Zones", "Zones//Count", "Zones/a/b/Count", "Zones/a/", "fill/percent", "State"])
def test_other_names_are_unknown(name: str) -> None:
    assert catalogue.find(AssetKind.ROOM, name) is None


def test_zones_are_resolved_for_rooms_only() -> None:
    found = catalogue.find(AssetKind.ROOM, "Zones/running/Children")
    assert found is not None
    assert found.name == "Zones/*/Children"
    assert catalogue.find(AssetKind.UNIT, "Zones/running/Children") is None
