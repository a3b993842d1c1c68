"""Sessions are recorded once; many small tests look at them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from tests.sparkplug import collector_session as hosts
from tests.sparkplug import host_states as waits
from tests.sparkplug import identity_conflicts as rivalry
from tests.sparkplug import mqtt5_session, whole_session
from tests.sparkplug.collector_session import Hosting
from tests.sparkplug.host_states import Waiting
from tests.sparkplug.identity_conflicts import Rivals
from tests.sparkplug.mqtt5_session import Five
from tests.sparkplug.recording import Recording
from tests.sparkplug.whole_session import Life
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE

T = TypeVar("T")


def bounded(scene: Coroutine[Any, Any, T]) -> T:
    """Run a scene; it must come to its end."""

    async def run() -> T:
        async with asyncio.timeout(2 * PATIENCE):
            return await scene

    return asyncio.run(run())


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The life of an edge agent and a collector."""
    with mosquitto() as port:
        return bounded(whole_session.live(tmp_path_factory.mktemp("life"), port))


@pytest.fixture(scope="session")
def edge(story: Life) -> Recording:
    """What the edge agent has said and heard."""
    return story.edge


@pytest.fixture(scope="session")
def host(story: Life) -> Recording:
    """What the collector has said and heard."""
    return story.host


@pytest.fixture(scope="session")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Waiting:
    """An edge agent and a scripted host."""
    with mosquitto() as port:
        return bounded(waits.wait(tmp_path_factory.mktemp("waiting"), port))


@pytest.fixture(scope="session")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Hosting:
    """A collector and a scripted edge node."""
    with mosquitto() as port:
        return bounded(hosts.host(tmp_path_factory.mktemp("hosting"), port))


@pytest.fixture(scope="session")
def five_story(tmp_path_factory: pytest.TempPathFactory) -> Five:
    """Both programs with MQTT 5."""
    with mosquitto() as port:
        return bounded(mqtt5_session.live(tmp_path_factory.mktemp("five"), port))


@pytest.fixture(scope="session")
def rivals(tmp_path_factory: pytest.TempPathFactory) -> Rivals:
    """Programs that claim one identity twice."""
    with mosquitto() as port:
        return bounded(rivalry.claim(tmp_path_factory.mktemp("rivals"), port))
