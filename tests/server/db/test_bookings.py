"""Imports of bookings: kept once, withdrawn and not overwritten, forgotten after a while."""

from datetime import date
from pathlib import Path

import pytest

from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, local_day
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.model.bookings import Booked, Bookings, Cover, UnknownImportError
from sukusuku_server.rooms.booked import plan
from tests.support.databases import operations

DAY = day_start(date(2026, 12, 1))


def told(children: int, days: int = 1, start: int = DAY) -> Bookings:
    spans = (Booked("room", start + 9 * HOUR_MS, start + 12 * HOUR_MS, children),) if children else ()
    return Bookings(spans, (Cover("room", start, start + days * DAY_MS),), 1)


def test_the_same_again_is_not_stored_and_something_else_is(tmp_path: Path) -> None:
    records = BookingRecords(operations(tmp_path))
    assert records.take(told(3), "upload", "佐藤", DAY) is not None
    assert records.take(told(3), "upload", "佐藤", DAY + 1) is None
    assert records.take(told(4), "upload", "鈴木", DAY + 2) is not None
    assert records.take(told(3), "upload", "佐藤", DAY + 3) is not None  # back again is news
    assert [(item.imported_by, item.spans[0].children) for item in records.imports()] == [
        ("佐藤", 3), ("鈴木", 4), ("佐藤", 3),
    ]  # fmt: skip


def test_an_import_that_was_withdrawn_can_be_imported_again(tmp_path: Path) -> None:
    store = operations(tmp_path)
    records = BookingRecords(store)
    first = records.take(told(3), "upload", "佐藤", DAY)
    assert first is not None
    gone = records.withdraw(first.id, "鈴木", DAY + 5)
    assert (gone.withdrawn, gone.withdrawn_by) == (DAY + 5, "鈴木")
    assert records.withdraw(first.id, "高橋", DAY + 9) == gone
    assert records.take(told(3), "upload", "佐藤", DAY + 10) is not None
    with pytest.raises(UnknownImportError):
        records.withdraw(99, "佐藤", DAY)
    assert [entry.action for entry in store.audit()] == ["bookings.import", "bookings.withdraw", "bookings.import"]


def test_a_feed_says_everything_from_today_on(tmp_path: Path) -> None:
    """Its last booking was cancelled, so its file is shorter; the day that is gone from it is empty, not as before."""
    records = BookingRecords(operations(tmp_path))
    records.take(told(3, days=5), "url", "web", DAY, "web")
    kept = records.take(told(2, days=2), "url", "web", DAY + DAY_MS, "web")
    assert kept is not None
    assert kept.covers == (Cover("room", DAY, DAY + 5 * DAY_MS),)
    nothing = records.take(Bookings((), ()), "url", "web", DAY + 2 * DAY_MS, "web")
    assert nothing is not None
    assert nothing.covers == (Cover("room", DAY + 2 * DAY_MS, DAY + 5 * DAY_MS),)


def test_a_feed_that_changes_often_is_not_kept_whole_each_time(tmp_path: Path) -> None:
    """Ten days, four changes a day, each import speaks of a month: what each day was told last is kept."""
    records = BookingRecords(operations(tmp_path))
    for turn in range(40):
        now = DAY + turn * 6 * HOUR_MS
        today = day_start(local_day(now))
        spans = tuple(
            Booked("room", today + day * DAY_MS, today + day * DAY_MS + HOUR_MS, turn + 1) for day in range(30)
        )
        cover = Cover("room", today, today + 30 * DAY_MS)
        records.take(Bookings(spans, (cover,)), "url", "web", now, "web")
    imports = records.imports()
    assert sum(len(item.spans) for item in imports) < 12 * 30
    last = plan("room", imports, now)
    assert [last.children(DAY + day * DAY_MS) for day in range(12)] == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 40, 40]


def test_what_has_long_passed_is_forgotten(tmp_path: Path) -> None:
    records = BookingRecords(operations(tmp_path))
    records.take(told(3), "upload", "佐藤", DAY)
    later = DAY + 100 * DAY_MS
    records.take(told(2, start=later), "upload", "佐藤", later, keep_days=90)
    assert [item.spans[0].children for item in records.imports()] == [2]


def test_what_a_feed_repeats_stays_withdrawn_until_it_says_something_else(tmp_path: Path) -> None:
    records = BookingRecords(operations(tmp_path))
    records.take(told(3), "url", "web", DAY, "web")
    wrong = records.take(told(9), "url", "web", DAY + 1, "web")
    assert wrong is not None
    records.withdraw(wrong.id, "佐藤", DAY + 2)
    assert records.take(told(9), "url", "web", DAY + 3, "web") is None
    assert records.take(told(3), "url", "web", DAY + 4, "web") is None  # that holds
    assert plan("room", records.imports(), DAY + 5).children(DAY + 9 * HOUR_MS) == 3
    assert records.take(told(4), "url", "web", DAY + 6, "web") is not None
    assert records.take(told(9), "url", "other", DAY + 7, "other") is not None


def test_a_withdrawn_import_of_a_feed_does_not_shorten_the_one_before(tmp_path: Path) -> None:
    records = BookingRecords(operations(tmp_path))
    records.take(told(3, days=9), "url", "web", DAY, "web")
    wrong = records.take(told(99, days=9), "url", "web", DAY + HOUR_MS, "web")
    assert wrong is not None
    records.withdraw(wrong.id, "佐藤", DAY + 2 * HOUR_MS)
    last = records.take(told(77, days=1, start=DAY + 6 * DAY_MS), "url", "web", DAY + 3 * DAY_MS, "web")
    assert last is not None
    records.withdraw(last.id, "佐藤", DAY + 3 * DAY_MS + 1)
    held = plan("room", records.imports(), DAY + 3 * DAY_MS + 2)
    assert held.known(DAY, DAY + 9 * DAY_MS) == [DAY + day * DAY_MS for day in range(9)]


def test_the_state_changes_with_what_the_imports_say_and_with_nothing_else(tmp_path: Path) -> None:
    """The derivation reads all imports again only when the state is another one."""
    records = BookingRecords(operations(tmp_path))
    seen = [(records.state(), records.imports())]
    first = records.take(told(3), "upload", "佐藤", DAY)
    assert first is not None
    seen.append((records.state(), records.imports()))
    records.take(told(3), "upload", "佐藤", DAY + 1)
    assert (records.state(), records.imports()) == seen[-1], "nothing was taken"
    second = records.take(told(4), "upload", "鈴木", DAY + 2)
    assert second is not None
    for ident in (first.id, second.id):  # a clock that was set back withdraws at the same moment
        seen.append((records.state(), records.imports()))
        records.withdraw(ident, "鈴木", DAY + 5)
    seen.append((records.state(), records.imports()))
    later = DAY + 100 * DAY_MS
    records.take(told(2, start=later), "upload", "佐藤", later)  # and the others are forgotten
    seen.append((records.state(), records.imports()))
    assert len({state for state, _ in seen}) == len(seen) == len({repr(imports) for _, imports in seen})


@pytest.mark.parametrize("ident", [0, -1, 2**63, 10**23])
def test_an_id_that_no_database_holds_is_unknown(tmp_path: Path, ident: int) -> None:
    with pytest.raises(UnknownImportError):
        BookingRecords(operations(tmp_path)).withdraw(ident, "佐藤", DAY)
