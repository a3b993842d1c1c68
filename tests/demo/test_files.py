"""The settings of a demo are good at any time of the day."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sukusuku_demo import files
from sukusuku_demo.settings import Ports
from sukusuku_server.settings import read

NOON = datetime(2026, 11, 22, 12, 0, 20, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize("hours", [0, 10, 11, 11.87, 11.95, 11.99, 12, 20])
def test_the_round_of_the_demo_fits_into_its_day(tmp_path: Path, hours: float) -> None:
    files.write(tmp_path, Ports(), NOON + timedelta(hours=hours))

    found = read(tmp_path / "facility.toml").round[0]

    assert found.mail_at < found.answer_by < found.departs < found.returns


def test_the_mail_of_the_round_comes_when_everything_is_ready(tmp_path: Path) -> None:
    assert files.round_times(NOON)["mail_at"] == "12:02"
    assert files.round_times(NOON + timedelta(seconds=30))["mail_at"] == "12:02"
