"""All versions that somebody has run answer our code alike; their words are in tests/fixtures/influxdb."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.server.timeseries.influx.dialogue import FOLDER, Recorded, Replayer, hold, settings_for

VERSIONS = sorted(FOLDER.glob("*.json"))


@pytest.fixture(params=VERSIONS, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> Iterator[tuple[Recorded, Replayer]]:
    found = msgspec.json.decode(request.param.read_bytes(), type=Recorded)
    replayer = Replayer(found)
    yield found, replayer
    replayer.close()


def test_every_version_is_understood(recorded: tuple[Recorded, Replayer]) -> None:
    dialogue, server = recorded
    found = hold(settings_for(server.port, None), dialogue.now)

    assert found.pop("write") is None
    assert found.pop("write again") is None
    assert found.pop("read") == ["room", "unit"]
    assert "field type conflict" in str(found.pop("type conflict"))
    assert found.pop("expired") is None, "dropped by the server, and no error"
    assert found.pop("not expired") == [0]
    assert "unable to parse" in str(found.pop("no line protocol"))
    assert found.pop("no bucket") == "BusyError", "somebody will create it"
    assert found.pop("deleted") == ["unit"]
    assert found.pop("deleted again") == ["unit"]
    assert not found


def test_nothing_secret_is_recorded(recorded: tuple[Recorded, Replayer]) -> None:
    text = msgspec.json.encode(recorded[0]).decode().lower()
    assert "authorization" not in text
    assert "token" not in text
