from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.model import Quality
from sukusuku_server.live.freshness import turns
from sukusuku_server.live.watchlist import AGAIN_MS, Watchlist
from sukusuku_server.model.series import Latest, Point

T = 1_760_000_000_000
FRESH = {"Fill/Percent": Latest(T, 10.0, Quality.GOOD, T)}
LATEST = {"a": FRESH, "b": FRESH}


def looked_at_all(now: int, *moments: int) -> Watchlist:
    made = Watchlist(("a", "b", "c"))
    for asset in ("a", "b", "c"):
        made.looked(asset, now, LATEST, {}, moments=moments)
    return made


def test_only_that_of_which_something_has_changed_is_due() -> None:
    points = {"b": {"Bag/Age": Point(T, 1.0, Quality.GOOD)}}

    assert Watchlist(LATEST).due(T, LATEST, {}) == ["a", "b"]
    assert looked_at_all(T).due(T + 1, LATEST, {}) == []
    assert looked_at_all(T).due(T + 1, {**LATEST, "a": dict(FRESH)}, {}) == ["a"]
    assert looked_at_all(T).due(T + 1, LATEST, points) == ["b"]
    assert looked_at_all(T).due(T + 1, {**LATEST, "c": FRESH}, {}) == ["c"]
    assert looked_at_all(T).due(T + 1, {"a": FRESH}, {}) == ["b"]


def test_a_look_at_something_older_does_not_hide_what_is_newer() -> None:
    watch, newer = looked_at_all(T), {**LATEST, "a": dict(FRESH)}
    assert watch.due(T + 1, newer, {}) == ["a"]

    watch.looked("a", T + 1, LATEST, {})

    assert watch.due(T + 2, newer, {}) == ["a"]


def test_what_becomes_too_old_is_due_at_that_moment_and_everything_after_a_minute() -> None:
    silent_after = 5.0
    watch = looked_at_all(T, *turns(FRESH, silent_after))

    assert watch.due(T + 5_000, LATEST, {}) == []
    assert watch.due(T + 5_001, LATEST, {}) == ["a", "b", "c"]
    assert looked_at_all(T).due(T + AGAIN_MS // 2, LATEST, {}) == []
    assert looked_at_all(T).due(T + AGAIN_MS, LATEST, {}) == ["a", "b", "c"]


def test_what_is_due_stays_due_until_it_was_looked_at() -> None:
    watch = looked_at_all(T, T + 5)
    assert watch.due(T + 5, LATEST, {}) == watch.due(T + 6, LATEST, {}) == ["a", "b", "c"]

    watch.looked("b", T + 6, LATEST, {})

    assert watch.due(T + 7, LATEST, {}) == ["a", "c"]


def test_everything_is_due_when_the_clock_has_gone_back_and_what_is_forgotten_always() -> None:
    watch = looked_at_all(T)

    watch.forget("b")
    assert watch.due(T + 1, LATEST, {}) == ["b"]
    assert watch.due(T - 1, LATEST, {}) == ["a", "b", "c"]
    for asset in ("a", "b", "c"):
        watch.looked(asset, T - 1, LATEST, {})
    assert watch.due(T, LATEST, {}) == []
    watch.forget()
    assert watch.due(T + 1, LATEST, {}) == ["a", "b", "c"]


SUBJECTS = tuple("abcde")
STEP = st.tuples(
    st.integers(0, 40_000),  # ms that pass
    st.sets(st.sampled_from(SUBJECTS)),  # what has changed
    st.lists(st.integers(-10_000, 90_000), max_size=3),  # moments that the looks name, from then on
    st.booleans(),  # whether what is due is looked at
)


class Loop:
    """The same by looking at every subject each time."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[object, int]] = {}

    def due(self, now: int, known: Mapping[str, object]) -> list[str]:
        return [it for it in SUBJECTS if it not in self.seen or self._is_due(it, now, known)]

    def _is_due(self, subject: str, now: int, known: Mapping[str, object]) -> bool:
        seen, moment = self.seen[subject]
        return seen is not known[subject] or now >= moment

    def looked(self, subject: str, now: int, known: Mapping[str, object], moments: Sequence[int]) -> None:
        coming = [moment for moment in moments if moment > now]
        self.seen[subject] = known[subject], min([*coming, now + AGAIN_MS])


@given(st.lists(STEP, max_size=40))
def test_the_wheel_finds_all_that_a_loop_over_everything_finds_when_it_does(
    steps: Sequence[tuple[int, set[str], list[int], bool]],
) -> None:
    watch, loop = Watchlist(SUBJECTS, known=1), Loop()
    known: dict[str, object] = {subject: object() for subject in SUBJECTS}
    now = T
    for passed, changed, ahead, looks in steps:
        now += passed
        known = known | {subject: object() for subject in changed}
        due = watch.due(now, known)
        assert set(due) >= set(loop.due(now, known))
        assert due == sorted(due)
        for subject in due if looks else ():
            moments = [now + ms for ms in ahead]
            watch.looked(subject, now, known, moments=moments)
            loop.looked(subject, now, known, moments)


def test_a_subject_that_changes_all_the_time_leaves_nothing_behind() -> None:
    """Ten thousand units with a message every ten seconds must not fill the memory with moments that are over."""
    watch = Watchlist(("a",), known=1)
    for second in range(1_000):
        watch.looked("a", T + 1_000 * second, {}, moments=(T + 1_000 * second + 5_000,))
        watch.due(T + 1_000 * second, {})

    assert len(watch._wheel) < 5
