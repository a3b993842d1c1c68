from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from sukusuku_server.db.emptyings import (
    SAME_MS,
    EmptyingClashError,
    Emptyings,
    FutureEmptyingError,
    UnknownEmptyingError,
)
from sukusuku_server.db.tables_collection import request
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence
from sukusuku_server.model.series import Late
from tests.collector.alerts.alert_cases import HOUR, MINUTE, T0, UNIT
from tests.support.databases import operations

NOW = T0 + 48 * HOUR


def seen(time: int, percent: float = 80.0) -> Emptying:
    return Emptying(UNIT, time, percent, 48.0, (Evidence.LEVEL, Evidence.LID), 0.97)


@pytest.fixture
def emptyings(tmp_path: Path) -> Emptyings:
    return Emptyings(operations(tmp_path))


def replaced(emptyings: Emptyings, *found: Emptying) -> tuple[Emptying, ...]:
    return emptyings.replace_detected(UNIT, T0, NOW, found)


def test_what_is_detected_is_stored_and_read_back(emptyings: Emptyings) -> None:
    (new,) = replaced(emptyings, seen(T0 + HOUR))
    assert replace(new, id=0) == seen(T0 + HOUR)
    assert emptyings.of(UNIT, T0, NOW) == [new] == emptyings.of(None, T0, NOW)
    assert new == emptyings.one(new.id)
    assert emptyings.last_times([UNIT, "other"], NOW) == {UNIT: T0 + HOUR}
    assert emptyings.last_times([UNIT], T0) == {}


def test_the_same_emptying_found_a_little_elsewhere_keeps_its_id(emptyings: Emptyings) -> None:
    (first,) = replaced(emptyings, seen(T0 + HOUR))
    assert replaced(emptyings, seen(T0 + HOUR + 20 * MINUTE, 85.0)) == ()
    (found,) = emptyings.of(UNIT, T0, NOW)
    assert (found.id, found.time, found.percent) == (first.id, T0 + HOUR + 20 * MINUTE, 85.0)


def test_an_emptying_from_before_the_stretch_that_found_it_is_stored_once(emptyings: Emptyings) -> None:
    (first,) = replaced(emptyings, seen(T0 - 2 * HOUR))
    assert replaced(emptyings, seen(T0 - 2 * HOUR)) == ()
    assert emptyings.of(UNIT, T0 - 3 * HOUR, NOW) == [first]


def test_what_is_not_found_again_is_gone_unless_a_person_stands_behind_it(emptyings: Emptyings) -> None:
    gone, confirmed, rejected = replaced(emptyings, seen(T0 + HOUR), seen(T0 + 5 * HOUR), seen(T0 + 9 * HOUR))
    emptyings.confirm(confirmed.id, "佐藤", NOW)
    emptyings.reject(rejected.id, "佐藤", NOW, "センサーの清掃")
    assert replaced(emptyings) == ()
    assert [item.id for item in emptyings.of(UNIT, T0, NOW)] == [confirmed.id, rejected.id]
    assert [item.state for item in emptyings.said(UNIT, T0, NOW)] == ["confirmed", "rejected"]
    assert emptyings.last_times([UNIT], NOW) == {UNIT: confirmed.time}
    with pytest.raises(UnknownEmptyingError):
        emptyings.one(gone.id)


def test_other_units_and_other_times_are_left_alone(emptyings: Emptyings) -> None:
    (other,) = emptyings.replace_detected("other", T0, NOW, [replace(seen(T0 + HOUR), asset="other")])
    (early,) = emptyings.replace_detected(UNIT, T0 - 9 * HOUR, T0, [seen(T0 - 2 * HOUR)])
    replaced(emptyings)
    assert emptyings.of(None, T0 - 9 * HOUR, NOW) == [early, other]


def test_a_rejected_emptying_is_not_detected_again(emptyings: Emptyings) -> None:
    (new,) = replaced(emptyings, seen(T0 + HOUR))
    emptyings.reject(new.id, "佐藤", NOW)
    assert replaced(emptyings, seen(T0 + HOUR + 5 * MINUTE)) == ()
    assert [item.state for item in emptyings.of(UNIT, T0, NOW)] == [EmptyingState.REJECTED]
    assert emptyings.last_times([UNIT], NOW) == {}


def test_a_corrected_one_is_recognised_where_it_was_first_seen(emptyings: Emptyings) -> None:
    (new,) = replaced(emptyings, seen(T0 + 9 * HOUR))
    corrected = emptyings.correct(new.id, "佐藤", NOW, time=T0 + 3 * HOUR, percent=70.0)
    assert (corrected.time, corrected.percent, corrected.by) == (T0 + 3 * HOUR, 70.0, "佐藤")
    assert corrected.nappies == pytest.approx(new.nappies * 70.0 / new.percent), "both are of one bag"
    assert replaced(emptyings, seen(T0 + 9 * HOUR)) == ()
    assert emptyings.of(UNIT, T0, NOW) == [corrected]
    again = emptyings.correct(new.id, "鈴木", NOW, time=T0 + 4 * HOUR)
    assert (again.time, again.percent) == (T0 + 4 * HOUR, 70.0)
    assert replaced(emptyings, seen(T0 + 9 * HOUR)) == ()


def test_a_confirmed_one_gets_better_figures_but_keeps_its_time(emptyings: Emptyings) -> None:
    (new,) = replaced(emptyings, seen(T0 + HOUR))
    emptyings.confirm(new.id, "佐藤", NOW, "時間どおり")
    replaced(emptyings, seen(T0 + HOUR + MINUTE, 91.0))
    found = emptyings.one(new.id)
    assert (found.time, found.percent, found.state, found.by, found.note) == (
        T0 + HOUR,
        91.0,
        EmptyingState.CONFIRMED,
        "佐藤",
        "時間どおり",
    )


def test_an_entered_one_is_the_detected_one_nearby(emptyings: Emptyings) -> None:
    entered = emptyings.enter(UNIT, T0 + HOUR, "佐藤", NOW, percent=50.0, nappies=30.0)
    assert entered.evidence == (Evidence.PERSON,)
    assert replaced(emptyings, seen(T0 + HOUR + 10 * MINUTE)) == ()
    assert emptyings.of(UNIT, T0, NOW) == [entered]
    assert emptyings.confirm(entered.id, "鈴木", NOW) == entered, "no confirmation is needed"


def test_two_people_cannot_enter_the_same_emptying(emptyings: Emptyings) -> None:
    (new,) = replaced(emptyings, seen(T0 + HOUR))
    with pytest.raises(EmptyingClashError, match=rf"emptying {new.id} of {UNIT} is within 30 minutes"):
        emptyings.enter(UNIT, T0 + HOUR + SAME_MS, "佐藤", NOW, percent=50.0, nappies=30.0)
    emptyings.reject(new.id, "佐藤", NOW)
    assert emptyings.enter(UNIT, T0 + HOUR, "佐藤", NOW, percent=50.0, nappies=30.0).state is EmptyingState.ENTERED


def test_what_was_said_of_an_emptying_is_taken_back(emptyings: Emptyings) -> None:
    """Whatever was said, in whichever order: then it is as detected, and the next derivation may change it again."""
    (new,) = replaced(emptyings, seen(T0 + 9 * HOUR))
    emptyings.reject(new.id, "佐藤", NOW, "見間違い")
    assert emptyings.withdraw(new.id, "佐藤", NOW) == new
    assert emptyings.withdraw(new.id, "佐藤", NOW) == new, "nobody has said anything"
    emptyings.confirm(new.id, "佐藤", NOW)
    emptyings.correct(new.id, "鈴木", NOW, time=T0 + 3 * HOUR, percent=7.0)
    assert emptyings.withdraw(new.id, "鈴木", NOW) == replace(new, percent=7.0, nappies=new.nappies * 7 / new.percent)
    replaced(emptyings, seen(T0 + 9 * HOUR))
    assert emptyings.of(UNIT, T0, NOW) == [new], "the contents come with the derivation"
    assert replaced(emptyings) == ()
    assert emptyings.of(UNIT, T0, NOW) == []


def test_an_entered_emptying_that_was_wrong_is_gone(emptyings: Emptyings) -> None:
    entered = emptyings.enter(UNIT, T0 + HOUR, "佐藤", NOW, percent=50.0, nappies=30.0)
    emptyings.correct(entered.id, "佐藤", NOW, time=T0 + 2 * HOUR)
    assert emptyings.withdraw(entered.id, "佐藤", NOW) is None
    assert emptyings.of(UNIT, T0, NOW) == []
    with pytest.raises(UnknownEmptyingError):
        emptyings.withdraw(entered.id, "佐藤", NOW)


def test_no_second_emptying_comes_back_beside_one_that_counts(emptyings: Emptyings) -> None:
    (new,) = replaced(emptyings, seen(T0 + 9 * HOUR))
    emptyings.correct(new.id, "佐藤", NOW, time=T0 + 3 * HOUR)
    other = emptyings.enter(UNIT, T0 + 9 * HOUR, "鈴木", NOW, percent=50.0, nappies=30.0)
    with pytest.raises(EmptyingClashError, match=f"emptying {other.id}"):
        emptyings.withdraw(new.id, "佐藤", NOW)


def test_one_that_was_rejected_is_not_confirmed_beside_another(emptyings: Emptyings) -> None:
    rejected, moved = replaced(emptyings, seen(T0 + HOUR), seen(T0 + 5 * HOUR))
    emptyings.reject(rejected.id, "佐藤", NOW)
    emptyings.correct(moved.id, "佐藤", NOW, time=T0 + HOUR + SAME_MS)
    with pytest.raises(EmptyingClashError, match=f"emptying {moved.id}"):
        emptyings.confirm(rejected.id, "鈴木", NOW)


def test_what_cannot_be_is_refused(emptyings: Emptyings) -> None:
    one, two = replaced(emptyings, seen(T0 + HOUR), seen(T0 + 5 * HOUR))
    with pytest.raises(EmptyingClashError):
        emptyings.correct(one.id, "佐藤", NOW, time=two.time)
    with pytest.raises(FutureEmptyingError):
        emptyings.correct(one.id, "佐藤", NOW, time=NOW + 1)
    with pytest.raises(FutureEmptyingError):
        emptyings.enter(UNIT, NOW + 1, "佐藤", NOW, percent=0.0, nappies=0.0)
    with pytest.raises(UnknownEmptyingError, match="there is no emptying 99"):
        emptyings.reject(99, "佐藤", NOW)
    assert emptyings.of(UNIT, T0, NOW) == [one, two]
    assert emptyings.spoken() == []


def test_every_word_is_in_the_audit_log_and_asks_for_a_new_derivation(tmp_path: Path) -> None:
    store = operations(tmp_path)
    emptyings = Emptyings(store)
    one, two = replaced(emptyings, seen(T0 + 2 * HOUR), seen(T0 + 5 * HOUR))
    emptyings.confirm(two.id, "佐藤", NOW)
    (late,) = emptyings.spoken()
    assert late == Late(UNIT, two.time - SAME_MS, 1)
    emptyings.correct(one.id, "鈴木", NOW, time=T0 + HOUR)
    emptyings.heard(late)
    assert emptyings.spoken() == [Late(UNIT, T0 + HOUR - SAME_MS, 2)], "more was said meanwhile"
    emptyings.heard(emptyings.spoken()[0])
    assert emptyings.spoken() == []
    assert [(item.who, item.action, item.target) for item in store.audit()] == [
        ("鈴木", "emptying.correct", f"{UNIT}/{one.id}"),
        ("佐藤", "emptying.confirm", f"{UNIT}/{two.id}"),
    ]


def test_a_visit_that_was_asked_for_is_done_by_the_next_emptying(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.writing() as connection:
        for time in (T0, T0 + 9 * HOUR):
            connection.execute(insert(request).values(asset=UNIT, time=time, who="佐藤"))
    replaced(Emptyings(store), seen(T0 + HOUR))
    assert [found.time for found in Requests(store).standing()] == [T0 + 9 * HOUR]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    hours=st.lists(st.integers(1, 40), unique=True, max_size=8),
    again=st.lists(st.integers(1, 40), unique=True, max_size=8),
    shift=st.integers(-29, 29),
    confirmed=st.sets(st.integers(0, 7)),
)
def test_deriving_again_gives_what_was_found_and_what_people_said(
    tmp_path_factory: pytest.TempPathFactory, hours: list[int], again: list[int], shift: int, confirmed: set[int]
) -> None:
    emptyings = Emptyings(operations(tmp_path_factory.mktemp("operations")))
    first = replaced(emptyings, *(seen(T0 + hour * HOUR) for hour in hours))
    kept = {item.id for n, item in enumerate(first) if n in confirmed}
    for ident in kept:
        emptyings.confirm(ident, "佐藤", NOW)
    found = [seen(T0 + hour * HOUR + shift * MINUTE) for hour in again]
    for _ in range(2):
        replaced(emptyings, *found)
        stored = emptyings.of(UNIT, T0, NOW)
        assert kept <= {item.id for item in stored}
        assert all(any(abs(item.time - other.time) <= SAME_MS for other in stored) for item in found)
        assert len(stored) == len(found) + sum(
            all(abs(item.time - other.time) > SAME_MS for other in found) for item in first if item.id in kept
        )
