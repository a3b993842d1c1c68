"""Token buckets per edge node."""

import msgspec
import pytest

from sukusuku_collector.ingest.rate_limits import BURST_SECONDS, Bucket, Gate
from sukusuku_core.errors import ConfigError
from sukusuku_core.host_session import NodeKey
from sukusuku_server.settings import Limits, check
from tests.collector.small_facility import facility

KEY, OTHER = NodeKey("toshima", "tobu-pi"), NodeKey("toshima", "seibu-pi")
NOW = 1_800_000_000_000


def admitted(gate: Gate, count: int, now: int, size: int = 100, *, birth: bool = False) -> int:
    return sum(gate.admits(KEY, size, now, birth=birth) for _ in range(count))


def test_a_bucket_lets_a_burst_through_then_its_rate() -> None:
    bucket = Bucket(2.0, 10.0)
    assert sum(bucket.take(1, NOW) for _ in range(50)) == 10
    assert sum(bucket.take(1, NOW + 1_500) for _ in range(50)) == 3
    assert sum(bucket.take(1, NOW + 3_600_000) for _ in range(50)) == 10


def test_a_clock_that_steps_back_gives_nothing_and_takes_nothing() -> None:
    bucket = Bucket(1.0, 5.0)
    bucket.take(3, NOW)
    assert bucket.fill(NOW - 3_600_000) == 2
    assert bucket.fill(NOW - 3_598_000) == 4


@pytest.mark.parametrize(
    ("limits", "size", "birth", "expected"),
    [
        (Limits(messages_per_second=20), 100, False, 20 * BURST_SECONDS),
        (Limits(births_per_second=3), 100, True, 3 * BURST_SECONDS),
        (Limits(kilobytes_per_second=32), 1000, False, 32 * BURST_SECONDS),
    ],
)
def test_each_limit_holds_for_one_node_and_leaves_the_others_alone(
    limits: Limits, size: int, *, birth: bool, expected: float
) -> None:
    gate = Gate(limits)
    assert admitted(gate, 2000, NOW, size, birth=birth) == expected
    assert gate.admits(OTHER, size, NOW, birth=birth)
    assert admitted(gate, 2000, NOW + 1_000, size, birth=birth) == expected / BURST_SECONDS


def test_the_defaults_let_a_long_backlog_and_the_births_of_a_large_node_pass() -> None:
    gate = Gate(Limits())
    assert admitted(gate, 65, NOW, 20_000, birth=True) == 65
    assert admitted(gate, 1_000, NOW, 9_000) == 1_000


def test_the_quarantine_rows_of_a_node_are_limited_per_minute() -> None:
    gate = Gate(Limits(quarantined_per_minute=5))
    assert sum(gate.may_quarantine(KEY, NOW) for _ in range(100)) == 5
    assert gate.may_quarantine(OTHER, NOW)
    assert sum(gate.may_quarantine(KEY, NOW + 60_000) for _ in range(100)) == 5


def test_too_many_assets_behind_one_node_are_an_error_in_the_settings() -> None:
    limited = msgspec.structs.replace(facility(), limits=Limits(assets_per_node=2))
    with pytest.raises(ConfigError, match=r"assets_per_node: 3 units and rooms have edge `tobu-pi`, 2 are allowed"):
        check(limited, "facility.toml")
