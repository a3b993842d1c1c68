"""Wrong opening hours, services and bands are refused, and the message says where and what to do."""

from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility, check, read

HEAD = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}
"""
SITE = """
[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
"""
ROOM = """
[[site.room]]
id = "tobu-room"
name = {ja = "室", en = "room"}
edge = "pi"
capacity = 10
"""


def service(name: str, opening: str = "", band: str = "") -> str:
    own = f"opening = {{ {opening} }}" if opening else ""
    return f"""
[[site.room.service]]
id = "{name}"
name = {{ja = "一時", en = "care"}}
{own}
{band}
"""


def facility(*parts: str) -> Facility:
    found = parse("".join((HEAD, *parts)), Facility, "facility.toml")
    check(found, "facility.toml")
    return found


EIGHT = '{slot = "09:00-12:00", places = 8}'
MORNING = ", ".join(f'{day} = ["09:00-12:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat"))
AFTERNOON = ", ".join(f'{day} = ["12:00-17:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat"))

HOLIDAY = 'holidays = ["10:00-13:00"]'
SPECIAL = 'special = {2026-09-22 = ["09:00-15:00"]}'


@pytest.mark.parametrize(
    "parts",
    [
        ("[calendar]\nyear_end = []\n", SITE),
        (SITE, '[site.opening]\nmon = ["09:00-12:00", "12:00-24:00"]\nsun = []\n'),
        (SITE, ROOM, service("a", MORNING), service("b", AFTERNOON)),
        (
            SITE,
            ROOM,
            service("a", band=f'band = [{EIGHT}, {{slot = "12:00-17:00", places = 10}}]'),
        ),
    ],
)
def test_right_settings_are_taken(parts: tuple[str, ...]) -> None:
    facility(*parts)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (('[calendar]\nyear_end = ["12-29"]\n',), "calendar.year_end: found ['12-29']; expected the first"),
        (('[calendar]\nyear_end = ["02-30", "03-01"]\n',), 'calendar.year_end: there is no day "02-30"'),
        (('[calendar]\nyear_end = ["12-29", "3 Jan"]\n',), "calendar.year_end"),
        ((SITE, '[site.opening]\nmon = ["18:00-09:00"]\n'), 'site[0].opening.mon: "18:00-09:00" must end'),
        ((SITE, '[site.opening]\nmon = ["09:00-09:00"]\n'), "must end after it begins"),
        ((SITE, '[site.opening]\nmon = ["13:00-18:00", "09:00-13:30"]\n'), '"09:00-13:30" and "13:00-18:00" overlap'),
        ((SITE, '[site.opening]\nholidays = ["09:00-12:00", "11:00-13:00"]\n'), "site[0].opening.holidays: "),
        ((SITE, '[site.opening]\nholidays = "shut"\n'), "site[0].opening.holidays"),
        ((SITE, '[site.opening]\nspecial = {"26-09-22" = []}\n'), 'found "26-09-22"; expected a date as YYYY-MM-DD'),
        ((SITE, '[site.opening]\nspecial = {"20260922" = []}\n'), "expected a date as YYYY-MM-DD"),
        ((SITE, '[site.opening]\nspecial = {2026-09-22 = ["12:00-11:00"]}\n'), "opening.special.2026-09-22: "),
        ((SITE, '[site.opening]\nclosed_monthly = ["third mon"]\n'), "closed_monthly"),
        ((SITE, '[site.opening]\nmon = ["9:00-12:00"]\n'), "site[0].opening.mon"),
        ((SITE, ROOM, service("a"), service("b")), 'service[1]: on mon "09:00-18:00" overlaps "09:00-18:00"'),
        ((SITE, ROOM, service("a", MORNING), service("a", AFTERNOON)), "id `a` is used twice"),
        ((SITE, ROOM, service("a", 'mon = ["08:30-17:00"]')), "is not within the hours of the centre, ['09:00-18:00']"),
        (
            (SITE, ROOM, service("a", f"{MORNING}, {HOLIDAY}"), service("b", f'{AFTERNOON}, holidays = "open"')),
            'on holidays (mon) "12:00-17:00" overlaps "10:00-13:00"',
        ),
        (
            (SITE, ROOM, service("a", f"{MORNING}, {SPECIAL}"), service("b", AFTERNOON)),
            "on 2026-09-22",
        ),
        (
            (SITE, ROOM, service("a", band='band = [{slot = "07:00-08:00", places = 8}]')),
            'service[0].band[0].slot: "07:00-08:00" is on no day within the hours of the service',
        ),
        (
            (SITE, ROOM, service("a", band='band = [{slot = "09:00-12:00", places = 11}]')),
            "band[0].places: found 11; the room has a capacity of 10",
        ),
        (
            (SITE, ROOM, service("a", band=f'band = [{EIGHT}, {{slot = "11:00-13:00", places = 8}}]')),
            '"09:00-12:00" and "11:00-13:00" overlap',
        ),
    ],
)
def test_wrong_settings_are_refused(parts: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        facility(*parts)
    assert message in str(caught.value)
    assert str(caught.value).startswith("facility.toml: ")


def test_the_example_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUKUSUKU_BROKER_PASSWORD", "x")
    monkeypatch.setenv("SUKUSUKU_SMTP_PASSWORD", "x")
    path = Path(__file__).parents[3] / "collector" / "deploy" / "facility.example.toml"
    opening = (
        read(
            path,
        )
        .site[0]
        .opening
    )
    assert opening.mon == ("09:00-12:00", "13:00-18:00")
    assert opening.special == {"2026-11-23": ("10:00-15:00",)}
