from pathlib import Path

import pytest

from sukusuku_server.db.modes import Mode, ModeKind, Modes, ModeTimeError, UnknownModeError
from tests.collector.alerts.alert_cases import HOUR, T0
from tests.support.databases import operations


def test_a_mode_holds_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    store = operations(tmp_path)
    modes = Modes(store)
    silence = modes.start(ModeKind.SILENCE, "tobu-unit-1", now=T0, until=T0 + HOUR, who="佐藤", reason="清掃")
    outbreak = modes.start(ModeKind.OUTBREAK, "tobu", now=T0 + 1, until=None, who="鈴木", reason="")

    assert silence == Mode(1, ModeKind.SILENCE, "tobu-unit-1", T0, T0 + HOUR, "佐藤", "清掃")
    assert [modes.active(now) for now in (T0 - 1, T0, T0 + 1, T0 + HOUR)] == [
        [],
        [silence],
        [silence, outbreak],
        [outbreak],
    ]
    assert [silence.holds(now) for now in (T0 - 1, T0, T0 + HOUR - 1, T0 + HOUR)] == [False, True, True, False]

    assert outbreak.until == T0 + 1 + 14 * 24 * HOUR, "one of which nobody knows the end ends all the same"
    assert [modes.silences(now) for now in (T0 + 1, T0 + HOUR)] == [[silence], []]

    ended = modes.end(outbreak.id, now=T0 + 2 * HOUR, who="佐藤")
    assert ended.until == T0 + 2 * HOUR
    assert modes.end(outbreak.id, now=T0 + 3 * HOUR, who="佐藤") == ended
    assert modes.active(T0 + 2 * HOUR) == []
    assert modes.all() == [ended, silence]
    assert modes.all(limit=1) == [ended]
    assert [(entry.time, entry.who, entry.action) for entry in store.audit()] == [
        (T0 + 2 * HOUR, "佐藤", "mode.outbreak.end"),
        (T0 + 1, "鈴木", "mode.outbreak.start"),
        (T0, "佐藤", "mode.silence.start"),
    ]
    store.close()


def test_a_mode_ends_after_it_begins_and_a_silence_ends_at_all(tmp_path: Path) -> None:
    store = operations(tmp_path)
    modes = Modes(store)
    for kind, until in ((ModeKind.OUTBREAK, T0), (ModeKind.SILENCE, T0 - 1), (ModeKind.SILENCE, None)):
        with pytest.raises(ModeTimeError):
            modes.start(kind, "tobu", now=T0, until=until, who="佐藤", reason="")
    for kind in (ModeKind.SILENCE, ModeKind.OUTBREAK):
        with pytest.raises(ModeTimeError, match="at most 14 days ahead"):
            modes.start(kind, "tobu", now=T0, until=T0 + 14 * 24 * HOUR + 1, who="佐藤", reason="")
    with pytest.raises(UnknownModeError):
        modes.end(1, now=T0, who="佐藤")

    assert modes.all() == []
    assert store.audit() == []
    store.close()
