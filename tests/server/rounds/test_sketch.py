import struct
import sys
from dataclasses import replace

import pytest

from sukusuku_server.rounds import sketch as picture
from sukusuku_server.rounds.sketch import Bar, render, sketch
from tests.server.rounds.mail_cases import drawn, texts
from tests.support.patience import PATIENCE


def test_the_sketch_has_a_dot_per_place_and_a_bar_per_unit() -> None:
    found = sketch(drawn("ja"), texts("ja"))

    assert [(dot.label, dot.name, dot.depot) for dot in found.dots] == [
        ("", "豊島清掃事務所", True),
        ("1·2", "東部子ども家庭支援センター", False),
        ("3", "西部子ども家庭支援センター", False),
    ]
    assert found.way[0] == found.way[-1] == (found.dots[0].x, found.dots[0].y)
    assert found.bars == (
        Bar("1  おむつ圧縮機1", 96.4, 101.0),
        Bar("2  おむつ圧縮機2", 71.0, 78.2),
        Bar("3  おむつ圧縮機1", None, None),
    )
    east, west = found.dots[1], found.dots[2]
    assert east.x - west.x == pytest.approx(3.88, abs=0.02)  # km
    assert east.y - west.y == pytest.approx(0.37, abs=0.01)
    assert max(abs(x) for x, _ in found.way) == pytest.approx(found.wide)


def test_it_is_drawn_as_a_picture_in_both_languages() -> None:
    pictures, loaded = [], set(sys.modules)
    for language in ("ja", "en"):
        made = render(sketch(drawn(language), texts(language)), PATIENCE)
        assert made is not None
        assert made.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", made[16:24])
        assert 1100 <= width <= 1300
        assert 400 <= height <= 800
        pictures.append(made)
    assert pictures[0] != pictures[1]
    assert not {"vl_convert", "altair"} & (set(sys.modules) - loaded), "they belong into a process of their own"


def test_many_stops_and_none_with_a_place_are_drawn_too() -> None:
    sheet = drawn("ja")
    many = tuple(replace(sheet.stops[0], number=n, place=None) for n in range(1, 31))

    assert render(sketch(replace(sheet, stops=many, depot=None), texts("ja")), PATIENCE) is not None


@pytest.mark.parametrize("program", ["no.such.module", "json.tool"])
def test_without_a_renderer_there_is_no_picture_and_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, program: str
) -> None:
    monkeypatch.setattr(picture, "_PROGRAM", program)

    assert render(sketch(drawn("ja"), texts("ja"))) is None
    assert [record.message.partition(",")[0] for record in caplog.records] == ["the picture of a round cannot be drawn"]


def test_a_renderer_that_hangs_is_given_up() -> None:
    assert render(sketch(drawn("ja"), texts("ja")), seconds=0.001) is None
