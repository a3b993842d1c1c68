from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.model.collection import Entry
from sukusuku_server.settings.collection import Collection
from sukusuku_server.settings.opening import Calendar
from sukusuku_server.units.consumables import film, shelf
from sukusuku_server.units.rate_learning import begin
from tests.server.units.forecast_cases import MONDAY, OPENING, lived

NOW = MONDAY + 42 * DAY_MS
EVERY_SECOND_DAY = [NOW - day * DAY_MS for day in range(2, 60, 2)]


def test_film_lasts_as_long_as_its_cycles_at_the_pace_of_the_coming_week() -> None:
    learnt = lived(6, seed=None)
    settings = Collection(film_cycles=500.0)
    left = film(settings, 50.0, 1.6, learnt, OPENING, NOW)
    assert left.cycles == 250
    assert left.days is not None
    assert 7 * 250 * 1.6 / 360 < left.days < 7 * 250 * 1.6 / 310  # 338 nappies a week


def test_film_that_nobody_will_use_has_no_days() -> None:
    never = OpeningHours(Calendar(), ())
    assert film(Collection(), 10.0, 1.7, begin(NOW), never, NOW).days is None
    assert film(Collection(), -3.0, 1.7, begin(NOW), OPENING, NOW).cycles == 0


def test_a_shelf_of_which_nobody_ever_spoke_is_not_known() -> None:
    assert shelf((), EVERY_SECOND_DAY, NOW) is None
    assert shelf((Entry(NOW + 1, 5, counted=True),), EVERY_SECOND_DAY, NOW) is None


def test_what_was_used_since_the_last_counting_is_gone_and_deliveries_are_there() -> None:
    entries = (
        Entry(NOW - 30 * DAY_MS, 100, counted=True),
        Entry(NOW - 5 * DAY_MS, 10, counted=False),
        Entry(NOW - 11 * DAY_MS, 20, counted=True),
    )
    found = shelf(entries, EVERY_SECOND_DAY, NOW)
    assert found is not None
    assert (found.left, found.used, found.counted) == (20 + 10 - 5, 5, NOW - 11 * DAY_MS)
    assert found.days is not None
    assert 45 < found.days < 55


def test_a_shelf_with_more_used_than_there_was_says_so_and_lasts_no_day() -> None:
    found = shelf((Entry(NOW - 30 * DAY_MS, 3, counted=True),), EVERY_SECOND_DAY, NOW)
    assert found is not None
    assert found.left < 0
    assert found.days == 0


def test_without_use_a_shelf_lasts_for_ever() -> None:
    found = shelf((Entry(NOW - HOUR_MS, 3, counted=False),), (), NOW)
    assert found is not None
    assert (found.left, found.days, found.counted) == (3, None, None)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 50), st.booleans()), min_size=1),
    st.lists(st.integers(0, 40)),
    st.integers(0, 20),
)
def test_a_delivery_of_n_more_leaves_n_more(said: list[tuple[int, int, bool]], used: list[int], more: int) -> None:
    entries = [Entry(NOW - day * DAY_MS, count, counted=counted) for day, count, counted in said]
    uses = [NOW - day * DAY_MS for day in used]
    before, after = shelf(entries, uses, NOW), shelf([*entries, Entry(NOW, more, counted=False)], uses, NOW)
    assert before is not None
    assert after is not None
    assert after.left == before.left + more
