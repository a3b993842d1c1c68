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
        ('id = "yard"', 'id = "Tobu"', r"site\[0\]: id `tobu` is already used at depot\[0\]"),
        ("lat = 35.7300", "lat = 135.73", r"depot\[0\].lat: expected `float` <= 90.0, found 135.73"),
        (
            'edge = "seibu-pi"',
            'edge = "seibu-pi"\ncollection = {room = "hall"}',
            "seibu-unit-1: collection.room: no room `hall`; there are ",
        ),
        ("bags = 6", "bags = 0", r"vehicle\[0\].bags: expected `int` >= 1, found 0"),
    ],
)
def test_wrong_settings_of_rounds_are_explained(old: str, new: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        town((old, new))


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
    with pytest.raises(ConfigError, match=r"vehicle\[1\]: id `TRUCK` is already used"):
        town(('[[round]]\nid = "north"', vehicle))
    second = '[[round]]\nid = "north"\nname = {ja = "北", en = "N"}\nvehicle = "truck"\n\n[[site]]\nid = "tobu"'
    with pytest.raises(ConfigError, match=r"round\[1\]: id `north` is already used"):
        town(('[[site]]\nid = "tobu"', second))
