from datetime import UTC, datetime

import pytest

from sukusuku_edge.update_settings import UpdateSettings


@pytest.mark.parametrize(
    ("window", "utc", "open_"),
    [
        ("02:00-04:00", "16:59", False),
        ("02:00-04:00", "17:00", True),
        ("02:00-04:00", "18:59", True),
        ("02:00-04:00", "19:00", False),
        ("23:30-01:00", "14:29", False),
        ("23:30-01:00", "14:30", True),
        ("23:30-01:00", "15:59", True),
        ("23:30-01:00", "16:00", False),
        ("00:00-00:00", "03:17", True),
    ],
)
def test_a_window_is_in_japanese_time_and_may_go_over_midnight(window: str, utc: str, open_: bool) -> None:  # noqa: FBT001
    moment = datetime.strptime(f"2026-12-01 {utc}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert UpdateSettings(url="http://a", window=window).opens(round(moment.timestamp() * 1000)) == open_
