from sukusuku_core.model import Quality
from sukusuku_server.live.freshness import turns
from sukusuku_server.live.watchlist import AGAIN_MS, Watchlist
from sukusuku_server.model.series import Latest, Point

T = 1_760_000_000_000
FRESH = {"Fill/Percent": Latest(T, 10.0, Quality.GOOD, T)}
LATEST = {"a": FRESH, "b": FRESH}


def looked_at_all(now: int, *moments: int) -> Watchlist:
    made = Watchlist()
    for asset in LATEST:
        made.looked(asset, LATEST, {}, now, moments)
    return made


def test_only_that_of_which_something_has_changed_is_due() -> None:
    watch = looked_at_all(T)

    assert Watchlist().due(LATEST, LATEST, {}, T) == ["a", "b"]
    assert watch.due(LATEST, LATEST, {}, T + 1) == []
    assert watch.due(LATEST, {**LATEST, "a": dict(FRESH)}, {}, T + 1) == ["a"]
    assert watch.due(LATEST, LATEST, {"b": {"Bag/Age": Point(T, 1.0, Quality.GOOD)}}, T + 1) == ["b"]
    assert watch.due(["c", "b"], LATEST, {}, T + 1) == ["c"]


def test_what_becomes_too_old_is_due_at_that_moment_and_everything_after_a_minute() -> None:
    silent_after = 5.0
    watch = looked_at_all(T, *turns(FRESH, silent_after))

    assert watch.due(LATEST, LATEST, {}, T + 5_000) == []
    assert watch.due(LATEST, LATEST, {}, T + 5_001) == ["a", "b"]
    assert looked_at_all(T).due(LATEST, LATEST, {}, T + AGAIN_MS // 2) == []
    assert looked_at_all(T).due(LATEST, LATEST, {}, T + AGAIN_MS) == ["a", "b"]


def test_everything_is_due_when_the_clock_has_gone_back_and_what_is_forgotten_always() -> None:
    watch = looked_at_all(T)

    assert watch.due(LATEST, LATEST, {}, T - 1) == ["a", "b"]
    watch.forget("b")
    assert watch.due(LATEST, LATEST, {}, T + 1) == ["b"]
    watch.forget()
    assert watch.due(LATEST, LATEST, {}, T + 1) == ["a", "b"]
