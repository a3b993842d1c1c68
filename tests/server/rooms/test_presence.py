"""Presence by pulses: held for some usual pauses, and said as doubt."""

from itertools import accumulate
from random import Random

from sukusuku_core.model import Reading
from sukusuku_core.time import MINUTE_MS, SECOND_MS
from sukusuku_server.rooms.presence import LONGEST_MS, Detections, detected
from tests.server.rooms.example_room import Played, at, every

ALONE = '[site.room.counting]\npeople = ["presence"]\nstaff = "none"\nsample_seconds = 300\n'


def pulses(first: str, last: str, mean_minutes: float, seed: int = 1) -> list[Reading]:
    """Ten seconds of motion each, with pauses that end by chance; both are told at once."""
    rng = Random(seed)
    found: list[Reading] = []
    gaps = (max(rng.expovariate(1 / mean_minutes), 0.3) * MINUTE_MS for _ in range(10_000))
    for time in accumulate(gaps, initial=float(at(first))):
        if time >= at(last):
            return found
        found.append(Reading("room", "Presence", round(time), value=True))
        found.append(Reading("room", "Presence", round(time) + 10 * SECOND_MS, value=False))
    return found


def test_an_occupied_room_is_not_empty_between_two_pulses() -> None:
    day = Played(ALONE, pulses("09:00", "17:00", 2) + every("Presence", value=False, first="17:05", last="24:00"))
    seen = [p.value for p in day.advanced.points if p.metric == "Occupancy/Corrected" and p.time < at("17:00")]
    assert set(seen) == {1}
    assert day.people("17:05", "17:20") == [1, 0]


def test_the_pauses_of_a_slow_sensor_are_learnt() -> None:
    quick = Played(ALONE, pulses("09:00", "17:00", 1)).advanced.state.detections
    slow = Played(ALONE, pulses("09:00", "17:00", 5)).advanced.state.detections
    assert quick.hold(0) < 10 * MINUTE_MS < slow.hold(0) <= LONGEST_MS


def test_what_is_only_held_is_doubtful() -> None:
    readings = pulses("09:00", "12:00", 2) + every("Presence", value=True, first="12:00", last="14:00", minutes=1)
    day = Played(ALONE, readings + every("Presence", value=False, first="14:01", last="24:00"))
    doubtful, sure = day.completeness("11:59", "13:59")
    assert doubtful is not None
    assert sure is not None
    assert doubtful < 60
    assert sure > 95
    assert day.completeness("16:00") == [100], "that nobody is there is known again"


def test_a_sensor_that_has_never_seen_anybody_holds_nobody() -> None:
    day = Played(ALONE, every("Presence", value=False, first="08:00", last="12:00"))
    assert day.people("08:05", "11:00") == [0, 0]


def test_absences_are_no_pauses() -> None:
    found = Detections()
    for hour in range(5):
        found = detected(found, hour * 60 * MINUTE_MS, anew=True)
    assert found.hold(7) == 7
