"""Topics that a broker refuses are asked for again."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_mqtt.subscriptions import FIRST, LAST, Subscriptions
from tests.support.patience import PATIENCE
from tests.support.played_broker import CONNACK, played_broker


@dataclass
class Said:
    """An answer to one topic."""

    word: str

    @property
    def is_failure(self) -> bool:
        return self.word == "no"


@dataclass
class Played:
    """A broker, and a clock on which it is asked again."""

    asked: list[list[str]] = field(default_factory=list)
    waits: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.subscriptions = Subscriptions(self._take, lambda pause, what: self.waits.append((pause, what)))

    def _take(self, filters: Sequence[str]) -> int:
        self.asked.append([*filters])
        return len(self.asked)

    def answer(self, *words: str) -> None:
        self.subscriptions.answered(len(self.asked), [Said(it) for it in words])


def test_only_what_was_refused_is_asked_for_again_less_and_less_often(caplog: pytest.LogCaptureFixture) -> None:
    one = Played()
    one.subscriptions.ask(["a", "b", "c"])
    one.answer("yes", "no", "no")
    for _ in range(9):
        one.waits[-1][1]()
        one.answer("no", "no")

    assert one.asked == [["a", "b", "c"], *[["b", "c"]] * 9]
    assert [pause for pause, _ in one.waits][:3] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert one.waits[-1][0] == LAST
    assert caplog.text.count("the broker refuses b, c") == 1


def test_what_is_not_wanted_any_more_is_not_asked_for() -> None:
    one = Played()
    one.subscriptions.ask(["a", "b"])
    one.answer("no", "no")
    one.subscriptions.drop(["a"])
    one.waits[-1][1]()
    one.answer("no")
    one.subscriptions.drop(["b"])
    one.waits[-1][1]()

    assert one.asked == [["a", "b"], ["b"]]


def test_a_session_asks_a_broker_again_that_refuses_at_first() -> None:
    asked: list[bytes] = []
    enough = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK)
        while len(asked) < 2:
            asked.append(await reader.read(1000))
            writer.write(b"\x90\x03" + asked[-1][2:4] + (b"\x80" if len(asked) == 1 else b"\x00"))
        enough.set()
        await reader.read(1000)

    async def work() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            played_broker(talk) as port,
            MqttSession(MqttSettings("127.0.0.1", port, "one", subscribe_qos=0)) as session,
        ):
            session.subscribe(["a/b"])
            await enough.wait()

    asyncio.run(work())
    assert [packet[4:] for packet in asked] == [b"\x00\x03a/b\x00"] * 2
