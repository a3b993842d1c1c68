from datetime import date

import pytest

from sukusuku_api.reports import era


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 12, 31), "令和元年12月31日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(2026, 11, 22), "令和8年11月22日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
    ],
)
def test_days_at_the_borders_of_eras(day: date, text: str) -> None:
    assert era.written(day, "ja") == text
    assert era.written(day, "en") == day.isoformat()


def test_before_the_eras_that_are_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="1926-12-25"):
        era.year(date(1926, 12, 24))


@pytest.mark.parametrize(
    ("first", "text"), [(2018, "平成30年度"), (2019, "令和元年度"), (2020, "令和2年度"), (2026, "令和8年度")]
)
def test_fiscal_years(first: int, text: str) -> None:
    assert era.fiscal_year(first) == text
