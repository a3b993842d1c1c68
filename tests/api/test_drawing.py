from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_api import drawing
from sukusuku_api.drawing import Drawer, DrawingError
from tests.support.patience import PATIENCE

RENDERER = "tests.api.scripted_renderer"


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    monkeypatch.chdir(Path(__file__).parents[2])
    drawer = Drawer()
    yield drawer
    drawer.close()


def test_one_process_draws_again_and_again(drawer: Drawer) -> None:
    first, *others = [drawer.draw(RENDERER, {"say": f"図 {n}"}, PATIENCE) for n in range(3)]

    assert first[0] == "図 0"
    assert [said for said, _ in others] == ["図 1", "図 2"]
    assert {process for _, process in others} == {first[1]}


def test_what_cannot_be_drawn_is_told_and_the_next_is_drawn(drawer: Drawer) -> None:
    with pytest.raises(DrawingError, match="cannot be drawn: ValueError: no such colour"):
        drawer.draw(RENDERER, {"fail": "no such colour"}, PATIENCE)

    assert drawer.draw(RENDERER, {"say": "again"}, PATIENCE)[0] == "again"


def test_a_process_whose_minute_is_over_is_replaced(drawer: Drawer) -> None:
    one = drawer.draw(RENDERER, {"say": "one", "last": True}, PATIENCE)
    two = drawer.draw(RENDERER, {"say": "two"}, PATIENCE)

    assert (one[0], two[0]) == ("one", "two")
    assert one[1] != two[1]


def test_what_takes_too_long_is_ended(drawer: Drawer) -> None:
    drawer.draw(RENDERER, {"say": "warm"}, PATIENCE)
    with pytest.raises(DrawingError, match="timed out"):
        drawer.draw(RENDERER, {"forever": True}, 0.05)

    assert drawer.draw(RENDERER, {"say": "again"}, PATIENCE)[0] == "again"


def test_without_a_program_it_is_told(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_PROGRAM", "sukusuku_api.nothing_like_it")
    with pytest.raises(DrawingError, match=r"No module named sukusuku_api\.nothing_like_it"):
        drawer.draw(RENDERER, {"say": "one"}, PATIENCE)
