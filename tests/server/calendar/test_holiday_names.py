from datetime import date

import pytest

from sukusuku_server.calendar import holidays
from sukusuku_server.calendar.holiday_names import holiday_name
from sukusuku_server.settings import Language, Text
from sukusuku_server.settings.opening import Calendar, NamedDay

ADDED, REMOVED = date(2026, 6, 1), date(2026, 8, 11)
CALENDAR = Calendar(added=(NamedDay(date=ADDED, name=Text(ja="市制記念日", en="City Day")),), removed=(REMOVED,))


@pytest.mark.parametrize(
    ("day", "ja", "en"),
    [
        (date(2026, 11, 23), "勤労感謝の日", "Labour Thanksgiving Day"),
        (date(2026, 5, 6), "憲法記念日の振替休日", "Constitution Memorial Day (substitute)"),
        (ADDED, "市制記念日", "City Day"),
        (REMOVED, "", ""),
        (date(2026, 11, 24), "", ""),
    ],
)
def test_a_day_has_its_name_in_both_languages(day: date, ja: str, en: str) -> None:
    assert (holiday_name(CALENDAR, day, "ja"), holiday_name(CALENDAR, day, "en")) == (ja, en)


@pytest.mark.parametrize("year", range(2024, 2040))
def test_every_holiday_of_the_law_has_an_english_name(year: int) -> None:
    language: Language = "en"
    assert all(holiday_name(Calendar(), day, language).isascii() for day in holidays.national(year))
