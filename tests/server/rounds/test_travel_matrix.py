import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.rounds.travel_matrix import Spot, estimated, great_circle_km
from sukusuku_server.settings import Pair, Routing

TOKYO, OSAKA = Spot("tokyo", 35.681236, 139.767125), Spot("osaka", 34.702485, 135.495951)
SPOTS = st.builds(Spot, st.just("spot"), st.floats(-90, 90), st.floats(-180, 180))


def test_the_great_circle_is_the_known_one() -> None:
    assert great_circle_km(TOKYO, OSAKA) == pytest.approx(403, abs=1)


def test_detour_and_speed_make_the_matrix() -> None:
    matrix = estimated([TOKYO, OSAKA], Routing(detour=1.5, kmh=30))

    way = great_circle_km(TOKYO, OSAKA) * 1.5
    assert list(matrix.km[0]) == pytest.approx([0.0, way])
    assert [*matrix.seconds[1]] == [round(way * 120), 0]
    assert matrix.source == "great circle x 1.5 at 30 km/h"
    assert matrix.index("osaka") == 1


def test_a_pair_of_the_settings_holds_in_both_directions() -> None:
    pair = Pair(between=("osaka", "tokyo"), km=515, minutes=360)
    matrix = estimated([TOKYO, OSAKA], Routing(pair=(pair,)))

    assert [*matrix.km] == [(0.0, 515), (515, 0.0)]
    assert [*matrix.seconds] == [(0, 21_600), (21_600, 0)]


@given(a=SPOTS, b=SPOTS, c=SPOTS)
def test_the_great_circle_is_a_distance(a: Spot, b: Spot, c: Spot) -> None:
    assert great_circle_km(a, a) == 0
    assert great_circle_km(a, b) == pytest.approx(great_circle_km(b, a))
    assert great_circle_km(a, c) <= great_circle_km(a, b) + great_circle_km(b, c) + 1e-4
    assert great_circle_km(a, b) <= 20_016
