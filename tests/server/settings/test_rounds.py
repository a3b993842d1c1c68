import pytest

from sukusuku_core.errors import ConfigError
from tests.server.rounds.three_centres import town

PAIR = """
[[routing.pair]]
between = ["tobu", "yard"]
km = 3.0
minutes = 12

"""


def with_pairs(text: str) -> tuple[str, str]:
    return "[[depot]]", f"{text}[[depot]]"


def test_a_town_with_pairs_and_a_route_server_is_right() -> None:
    facility = town(with_pairs(PAIR), ("[[depot]]", '[routing]\nosrm_url = "http://127.0.0.1:5000"\n[[depot]]'))

    assert facility.routing.pair[0].between == ("tobu", "yard")
    assert facility.round[0].departs == "13:00"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('depot = "yard"', 'depot = "garage"', r"vehicle\[0\].depot: no depot \['garage'\]; there are \['yard'\]"),
        ('vehicle = "truck"', 'vehicle = "van"', r"round\[0\].vehicle: no vehicle \['van'\]; there are \['truck'\]"),
        (
            'days = ["mon", "wed", "fri"]',
            'sites = ["tobu", "hokubu"]',
            r"round\[0\].sites: no site \['hokubu'\]; there are \['nanbu', 'seibu', 'tobu'\]",
        ),
        ('days = ["mon", "wed", "fri"]', "days = []", r"round\[0\].days: found none"),
        (
            'days = ["mon", "wed", "fri"]',
            'departs = "17:00"',
            r"departs 17:00, returns 17:00; each must be later than the one before",
        ),
        ('days = ["mon", "wed", "fri"]', 'mail_at = "11:30"', r"mail_at 11:30, answer_by 11:00, departs"),
        ('days = ["mon", "wed", "fri"]', 'answer_by = "14:00"', r"answer_by 14:00, departs 13:00, returns"),
        (
            'days = ["mon", "wed", "fri"]',
            "needless_percent = 80",
            r"round\[0\]: needless_percent 80 must be below join_percent 80",
        ),
        ('id = "yard"', 'id = "Tobu"', r"site\[0\].id: id `tobu` is already used at depot\[0\]"),
        ("lat = 35.7300", "lat = 135.73", r"depot\[0\].lat: expected `float` <= 90.0, found 135.73"),
        (
            'edge = "seibu-pi"',
            'edge = "seibu-pi"\ncollection = {room = "hall"}',
            r"site\[1\].unit\[0\].collection.room: no room `hall`; there are ",
        ),
        (
            'days = ["mon", "wed", "fri"]',
            'departs = "16:50"\nservice_minutes = 15',
            r"round\[0\]: 16:50 to 17:00 is 10 min, but service_minutes is 15; no unit can be visited",
        ),
        ("bags = 6", "bags = 0", r"vehicle\[0\].bags: expected `int` >= 1, found 0"),
    ],
)
def test_wrong_settings_of_rounds_are_explained(old: str, new: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        town((old, new))


SOUTH = """
[[round]]
id = "south"
name = {ja = "南回り", en = "South round"}
vehicle = "truck"
"""
SECOND = """
[[vehicle]]
id = "van"
name = {ja = "2号車", en = "Van"}
depot = "yard"
"""
SITE = '[[site]]\nid = "tobu"'


@pytest.mark.parametrize(
    "hours", ["", 'departs = "15:00"\nreturns = "17:30"\n', 'departs = "12:00"\nreturns = "13:30"\n']
)
def test_one_vehicle_is_on_one_round_at_a_time(hours: str) -> None:
    both = f"{SOUTH}{hours}"

    with pytest.raises(
        ConfigError, match=r"round\[1\]: on mon `truck` is on round\[0\] \(`north`\) from 13:00 to 17:00"
    ):
        town((SITE, both + SITE))
    for fitting in (
        f'{both}days = ["tue", "thu"]\n',
        both.replace('"truck"', '"van"') + SECOND,
        f'{SOUTH}departs = "11:30"\nreturns = "13:00"\n',
    ):
        assert len(town((SITE, fitting + SITE)).round) == 2


@pytest.mark.parametrize("slots", ['["09:00-12:00"]', '["13:00-13:05", "16:55-18:00"]', "[]"])
def test_a_centre_that_is_never_open_when_its_round_comes_is_refused(slots: str) -> None:
    days = ", ".join(f"{day} = {slots}" for day in ("mon", "wed", "fri"))
    opening = ('en = "Seibu"}\n', f'en = "Seibu"}}\nopening = {{{days}}}\n')
    named = ('days = ["mon", "wed", "fri"]', 'days = ["mon", "wed", "fri"]\nsites = ["seibu"]')

    with pytest.raises(ConfigError, match=r"round\[0\].sites: `seibu` is never open for 8 min"):
        town(named, opening)
    half = ('en = "Seibu"}\n', 'en = "Seibu"}\nopening = {wed = ["09:00-12:00"]}\n')
    assert town(named, half).round[0].sites == ("seibu",)


@pytest.mark.parametrize(
    ("pairs", "error"),
    [
        (PAIR.replace('"yard"', '"garage"'), r"routing.pair\[0\].between: no site or depot \['garage'\]"),
        (PAIR.replace('"yard"', '"tobu"'), r"found `tobu` twice, two different places are needed"),
        (PAIR + PAIR.replace('"tobu", "yard"', '"yard", "tobu"'), r"routing.pair\[1\].between: there is a way between"),
        ('[routing]\nosrm_url = "ftp://x"\n', r"routing.osrm_url: expected `str` matching"),
    ],
)
def test_wrong_ways_are_explained(pairs: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        town(with_pairs(pairs))


def test_two_vehicles_or_rounds_of_one_name_are_refused() -> None:
    vehicle = '[[vehicle]]\nid = "TRUCK"\nname = {ja = "車", en = "Van"}\ndepot = "yard"\n\n[[round]]\nid = "north"'
    with pytest.raises(ConfigError, match=r"vehicle\[1\].id: id `TRUCK` is already used"):
        town(('[[round]]\nid = "north"', vehicle))
    second = '[[round]]\nid = "north"\nname = {ja = "北", en = "N"}\nvehicle = "truck"\n\n[[site]]\nid = "tobu"'
    with pytest.raises(ConfigError, match=r"round\[1\].id: id `north` is already used"):
        town(('[[site]]\nid = "tobu"', second))
