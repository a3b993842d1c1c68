"""Which births betray two edge nodes with one identity, and which do not."""

import pytest

from sukusuku_collector.ingest.duplicate_nodes import DOUBT, FORGET, TRUST, DuplicateNodeDetector
from sukusuku_core.host_session import NodeKey

KEY = NodeKey("toshima", "tobu-pi")
NOW = 1_800_000_000_000


def lives(detector: DuplicateNodeDetector, bdseqs: list[int], gap: int = 1_000, *, deaths: bool = True) -> list[bool]:
    """Births `gap` ms apart, each after the death of the one before: whether the node is passed over after each."""
    found = []
    for n, bdseq in enumerate(bdseqs):
        detector.birth(KEY, bdseq, NOW + n * gap)
        found.append(detector.passed_over(KEY, NOW + n * gap))
        if deaths:
            detector.death(KEY, bdseq)
    return found


@pytest.mark.parametrize(
    "bdseqs",
    [
        [5, 200, 6, 201, 7],
        [200, 5, 201, 6, 202],
        [6, 6, 7, 7, 8, 8],  # copies of one SD card
        [6, 7, 7, 8, 8, 9, 9],
        [6, 8, 7, 9, 8],
        [255, 4, 0, 5, 1],
        [10, 138, 11, 139],
    ],
)
def test_two_nodes_that_push_each_other_off_are_found(bdseqs: list[int]) -> None:
    detector = DuplicateNodeDetector()
    passed = lives(detector, bdseqs)
    assert passed[-1]
    findings = detector.findings()
    assert not findings[0].certain
    assert findings[-1].certain
    assert detector.findings() == []


def test_two_nodes_that_are_connected_at_once_are_found() -> None:
    detector = DuplicateNodeDetector()
    lives(detector, [5, 9, 5, 9], gap=100, deaths=False)
    assert detector.findings()[-1].certain


def test_messages_of_two_sessions_are_found_by_their_seq() -> None:
    detector = DuplicateNodeDetector()
    lives(detector, [5, 5], deaths=False)
    detector.seq_behind(KEY, NOW + 2_000)
    detector.seq_behind(KEY, NOW + 7_000)
    assert [item.certain for item in detector.findings()] == [False, True]


@pytest.mark.parametrize(
    ("bdseqs", "gap"),
    [
        (list(range(300)), 700),  # a node that restarts all the time; more than once around
        ([3, 3, 3, 4, 4], 1_000),
        ([0, 0, 0, 0], 1_000),  # a foreign node that never counts
        ([7, 120], 30_000),  # it could not connect for half a minute
        ([7, 3], 3_600_000),  # nor for an hour, more than once around
        ([90, 0], 600_000),  # a new SD card
    ],
)
def test_one_node_is_not_suspected(bdseqs: list[int], gap: int) -> None:
    detector = DuplicateNodeDetector()
    bdseqs = [bdseq % 256 for bdseq in bdseqs]
    deaths = bdseqs[:2] != [3, 3]  # those are rebirths
    assert not any(lives(detector, bdseqs, gap, deaths=deaths))
    assert detector.findings() == []


def test_one_oddity_is_doubted_for_a_moment_and_forgotten() -> None:
    detector = DuplicateNodeDetector()
    lives(detector, [200, 5])
    at = NOW + 1_000
    assert detector.passed_over(KEY, at + DOUBT - 1)
    assert not detector.passed_over(KEY, at + DOUBT)
    detector.birth(KEY, 100, at + FORGET + 1)
    assert [item.certain for item in detector.findings()] == [False]


def test_a_node_is_trusted_again_after_a_quiet_time_and_when_the_clock_steps_back() -> None:
    detector = DuplicateNodeDetector()
    lives(detector, [5, 200, 6, 201])
    last = NOW + 3_000
    assert detector.passed_over(KEY, last + TRUST - 1)
    assert detector.released(last + TRUST - 1) == []
    assert not detector.passed_over(KEY, last + TRUST)
    assert detector.released(last + TRUST) == [KEY]
    assert detector.released(last + TRUST) == []
    assert not detector.passed_over(KEY, last - 3_600_000)


def test_one_more_oddity_soon_after_is_certain_at_once() -> None:
    detector = DuplicateNodeDetector()
    lives(detector, [5, 200, 6, 201])
    detector.findings()
    at = NOW + 3_000 + TRUST + 1_000
    detector.seq_behind(KEY, at)
    assert [item.certain for item in detector.findings()] == [True]
    assert detector.passed_over(KEY, at + TRUST - 1)
