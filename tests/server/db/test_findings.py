from dataclasses import replace
from pathlib import Path

import pytest

from sukusuku_server.db.findings import Findings
from sukusuku_server.model.collection import Finding, FindingName
from tests.collector.alerts.alert_cases import HOUR, T0, UNIT
from tests.support.databases import operations

STUFFED = Finding(UNIT, FindingName.HAND_STUFFED, T0 + HOUR, None, "level +12 % without cycles")
DRIFT = Finding(UNIT, FindingName.LEVEL_DRIFT, T0 + 2 * HOUR, T0 + 3 * HOUR, "empty bag reads 9 %")


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    return Findings(operations(tmp_path))


def test_findings_are_stored_listed_and_closed(findings: Findings) -> None:
    findings.replace(UNIT, T0, T0 + 4 * HOUR, [STUFFED, DRIFT])
    assert findings.open() == [STUFFED] == findings.open(UNIT)
    assert findings.open("other") == []
    assert findings.of(None, T0, T0 + 9 * HOUR) == [STUFFED, DRIFT]
    assert findings.of(UNIT, T0 + 3 * HOUR, T0 + 9 * HOUR) == [STUFFED]

    ended = replace(STUFFED, until=T0 + 5 * HOUR)
    findings.replace(UNIT, T0 + 4 * HOUR, T0 + 6 * HOUR, [ended])
    assert findings.open() == []
    assert findings.of(UNIT, T0, T0 + 9 * HOUR) == [ended, DRIFT]


def test_deriving_a_stretch_again_replaces_what_was_found_in_it(findings: Findings) -> None:
    findings.replace(UNIT, T0, T0 + 4 * HOUR, [STUFFED, DRIFT])
    findings.replace("other", T0, T0 + 4 * HOUR, [replace(DRIFT, asset="other")])
    findings.replace(UNIT, T0, T0 + 4 * HOUR, [replace(STUFFED, detail="level +15 % without cycles")])
    assert findings.of(UNIT, T0, T0 + 9 * HOUR) == [replace(STUFFED, detail="level +15 % without cycles")]
    assert findings.of("other", T0, T0 + 9 * HOUR) == [replace(DRIFT, asset="other")]


def test_one_that_began_earlier_and_is_not_open_any_more_ends_before_the_stretch(findings: Findings) -> None:
    findings.replace(UNIT, T0, T0 + 2 * HOUR, [STUFFED])
    findings.replace(UNIT, T0 + 2 * HOUR, T0 + 4 * HOUR, [])
    assert findings.of(UNIT, T0, T0 + 9 * HOUR) == [replace(STUFFED, until=T0 + 2 * HOUR)]


def test_what_is_open_is_found_without_reading_all_that_ever_was(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.reading() as connection:
        query = "SELECT * FROM finding WHERE until IS NULL ORDER BY since, id"
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    assert plan == ["SCAN finding USING INDEX ix_finding_open"]
