from datetime import UTC, datetime, timedelta

from sukusuku_server.backup.manifest import name_of, time_of
from sukusuku_server.backup.retention import kept

NOON = datetime(2026, 11, 30, 3, tzinfo=UTC)  # Monday noon in Japan


def named(*hours: float) -> list[str]:
    """Backups so many hours before noon."""
    return [name_of(round((NOON - timedelta(hours=ago)).timestamp() * 1000)) for ago in hours]


def test_the_newest_of_each_day_and_week_is_kept() -> None:
    names = named(0, 1, 24, 25, 48, 72, 24 * 7, 24 * 14, 24 * 21)
    assert kept(names, 2, 0) == set(named(0, 24))
    assert kept(names, 0, 2) == set(named(0, 24))  # Sunday belongs to the week before
    assert kept(names, 2, 4) == set(named(0, 24, 24 * 14, 24 * 21))


def test_days_are_those_of_japan() -> None:
    assert kept(named(11, 12.5), 1, 0) == set(named(11))
    assert kept(named(11, 12.5), 2, 0) == set(named(11, 12.5))


def test_a_pause_makes_nothing_older_go() -> None:
    assert kept(named(24 * 400, 24 * 401), 2, 0) == set(named(24 * 400, 24 * 401))


def test_names_tell_their_time() -> None:
    assert time_of(name_of(1_796_000_000_123)) == datetime.fromtimestamp(1_796_000_000.123, UTC)
