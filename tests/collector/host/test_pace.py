"""How often what has changed is looked at."""

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.host.pace import LONGEST, REST, Pace

SECONDS = st.floats(0, 5)


def test_the_first_look_waits_for_nothing() -> None:
    assert Pace().wait(0.0) == 0


@given(st.floats(0, 1e6), SECONDS, SECONDS)
def test_a_look_rests_for_some_times_as_long_as_it_took_and_never_long(begun: float, took: float, later: float) -> None:
    pace = Pace()
    pace.looked(begun, ended := begun + took)
    wait = pace.wait(ended + later)
    assert 0 <= wait <= LONGEST + 1e-6
    assert (wait == 0) == (ended + later >= ended + min(REST * (ended - begun), LONGEST))
