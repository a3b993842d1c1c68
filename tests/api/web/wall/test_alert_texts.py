"""What a display says of alerts about rooms and zones."""

from dataclasses import replace

import pytest

from sukusuku_api.web.base import texts
from sukusuku_api.web.wall.alert_texts import as_now, icon, what
from sukusuku_server.db import Alert
from sukusuku_server.live.views import Condition, RoomView, ZoneView
from tests.api import two_centres
from tests.api.conftest import NOW

ROOM = next(asset for asset in two_centres.facility().assets() if asset.id == "tobu-room")
OVER = replace(two_centres.alert("room_over_capacity", "tobu-room", NOW, 7.0), threshold=6.0, stage=2, reason="staff")
FULL = replace(OVER, value=10.0, threshold=10.0, stage=1, reason="places")
ZONE = replace(two_centres.alert("zone_over_capacity", "tobu-room", NOW, 5.0), threshold=4.0, reason="eating")


@pytest.mark.parametrize(
    ("alert", "sign", "en", "ja"),
    [
        (OVER, Condition.OVER, "Over the limit 7 / 6 children (Staff on duty)", "上限超過 7 / 6 人 (職員配置)"),
        (FULL, Condition.SOON, "Room full 10 / 10 children", "部屋が満員 10 / 10 人"),
        (ZONE, Condition.SOON, "Over the house rule: Eating 5 / 4 children", "センターの取り決めを超過: 食事 5 / 4 人"),
    ],
)
def test_the_count_stands_against_its_limit_with_the_rule_that_bites(
    alert: Alert, sign: Condition, en: str, ja: str
) -> None:
    assert icon(alert) is sign
    assert what(alert, ROOM, "en", texts("en").gettext) == en
    assert what(alert, ROOM, "ja", texts("ja").gettext) == ja


EATING = ZoneView("eating", None, 3, None, 4)
HERE = RoomView(
    "tobu-room",
    "tobu",
    Condition.OK,
    people=8,
    children=6,
    presence=None,
    capacity=10,
    limit=6,
    limited_by=("staff",),
    is_open=True,
    zones=(EATING,),
    last_time=NOW,
    stale=False,
    simulated=False,
    silent_after=1800,
)


@pytest.mark.parametrize(
    ("alert", "view", "en"),
    [
        (OVER, HERE, "Over the limit (Staff on duty)"),
        (OVER, replace(HERE, children=9), "Over the limit 9 / 6 children (Staff on duty)"),
        (OVER, replace(HERE, children=None), "Over the limit 7 / 6 children (Staff on duty)"),
        (OVER, replace(HERE, stale=True), "Over the limit 7 / 6 children (Staff on duty)"),
        (replace(OVER, resolved=NOW), HERE, "Over the limit 7 / 6 children (Staff on duty)"),
        (FULL, HERE, "Room full 6 / 6 children"),
        (FULL, replace(HERE, children=5), "Room full"),
        (ZONE, HERE, "Over the house rule: Eating"),
        (ZONE, replace(HERE, zones=(replace(EATING, children=6),)), "Over the house rule: Eating 6 / 4 children"),
        (ZONE, replace(HERE, zones=()), "Over the house rule: Eating 5 / 4 children"),
    ],
)
def test_an_open_alert_has_the_count_of_now_and_none_when_that_is_within_the_limit(
    alert: Alert, view: RoomView, en: str
) -> None:
    assert what(as_now(alert, view), ROOM, "en", texts("en").gettext) == en
