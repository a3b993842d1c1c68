"""What a display says of alerts about rooms and zones."""

from dataclasses import replace

import pytest

from sukusuku_api.web.base import texts
from sukusuku_api.web.wall.alert_texts import icon, what
from sukusuku_server.db import Alert
from sukusuku_server.live.views import Condition
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
