"""What the holidays of Japan are called in both languages. Pure."""

from datetime import date

from sukusuku_server.calendar import holidays
from sukusuku_server.settings import Language
from sukusuku_server.settings.opening import Calendar

_SUBSTITUTE = " 振替休日"

_ENGLISH = {
    "元日": "New Year's Day",
    "成人の日": "Coming of Age Day",
    "建国記念の日": "National Foundation Day",
    "天皇誕生日": "The Emperor's Birthday",
    "春分の日": "Vernal Equinox Day",
    "昭和の日": "Showa Day",
    "憲法記念日": "Constitution Memorial Day",
    "みどりの日": "Greenery Day",
    "こどもの日": "Children's Day",
    "海の日": "Marine Day",
    "山の日": "Mountain Day",
    "敬老の日": "Respect for the Aged Day",
    "秋分の日": "Autumnal Equinox Day",
    "スポーツの日": "Sports Day",
    "体育の日": "Health and Sports Day",
    "文化の日": "Culture Day",
    "勤労感謝の日": "Labour Thanksgiving Day",
    "国民の休日": "Citizens' Holiday",
    "天皇の即位の日": "Day of the Enthronement",
    "即位礼正殿の儀": "Enthronement Ceremony",
}
"""As the Cabinet Office has them."""


def holiday_name(calendar: Calendar, day: date, language: Language) -> str:
    """Return what a day is called under the calendar of an operator; empty: it is no holiday.

    A holiday that came after this version has its Japanese name in English, too.
    """
    added = next((it.name for it in calendar.added if it.date == day), None)
    if added is not None:
        return added[language]
    name = "" if day in calendar.removed else holidays.national(day.year).get(day, "")
    if language == "ja":
        return name.replace(_SUBSTITUTE, f"の{_SUBSTITUTE.strip()}") if name.endswith(_SUBSTITUTE) else name
    whole = name.removesuffix(_SUBSTITUTE)
    english = _ENGLISH.get(whole, whole)
    return f"{english} (substitute)" if whole != name else english
