"""One long story of an edge agent and a collector, recorded once: births, data, commands, deaths, kills, returns."""

from dataclasses import dataclass, field
from pathlib import Path

from sukusuku_mqtt import MqttSession
from tests.sparkplug import oracle
from tests.sparkplug.recording import Frame, Recording, utc_ms
from tests.sparkplug.recording_stage import GROUP, NODE, Stage, is_received, is_sent, is_state, stage, until
from tests.support.mqtt_packets import Packet

WRAP = 300
"""Data messages in a row, more than seq can count."""
QUIET_POLLS = 25
STATE_TOPIC = "spBv1.0/STATE/sukusuku"


@dataclass
class Life:
    """The recordings; `moments` are the starts and ends of the chapters in UTC ms, `places` in packets of each side."""

    edge: Recording
    host: Recording
    moments: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def during(self, recording: Recording, chapter: str) -> list[Frame]:
        """The packets of one chapter."""
        side = 0 if recording is self.edge else 1
        return recording.between(self.places[chapter][side], self.places[f"{chapter} ends"][side])


class _Story:
    def __init__(self, made: Stage, observer: MqttSession) -> None:
        self.stage = made
        self.observer = observer
        self.moments: dict[str, int] = {}
        self.places: dict[str, tuple[int, int]] = {}

    def at(self) -> tuple[int, int]:
        return len(self.stage.edge_side.packets), len(self.stage.host_side.packets)

    async def fill(self, unit: str, percent: float) -> None:
        """The board shows another level; wait until the edge agent has published it."""
        at, _ = self.at()
        self.stage.boards[unit].values["fill_percent"] = percent

        def shows(packet: Packet) -> bool:
            return is_sent("DDATA", unit)(packet) and any(
                metric.name == "Fill/Percent" and abs((oracle.value(metric) or 0) - percent) < 1
                for metric in oracle.decode(packet.payload).metrics
            )

        await self.stage.edge_side.until(shows, at)

    async def chapter(self, name: str) -> tuple[int, int]:
        await self.settled()
        return self.begins(name)

    def begins(self, name: str) -> tuple[int, int]:
        self.moments[name], self.places[name] = utc_ms(), self.at()
        return self.places[name]

    def ends(self, name: str) -> None:
        self.begins(f"{name} ends")

    async def settled(self) -> None:
        """Until every data message is acknowledged, so that a chapter begins in silence."""
        edge = self.stage.edge_side

        def answered() -> bool:
            sent = [n for n, packet in enumerate(edge.packets) if is_sent("DDATA")(packet) or is_sent("NDATA")(packet)]
            acks = [n for n, packet in enumerate(edge.packets) if is_received("NCMD")(packet)]
            return not sent or (bool(acks) and acks[-1] > sent[-1])

        await until(answered)


async def live(folder: Path, broker: int) -> Life:
    """The story from the first start to the last end."""
    async with stage(folder, broker) as made, made.client() as observer:
        story = _Story(made, observer)
        await _first_session(story)
        await _device_dies_and_returns(story)
        await _host_leaves_and_returns(story)
        await _edge_leaves(story)
        await _edge_is_killed(story)
        await _host_is_killed(story)
        edge, host = made.recordings()
        return Life(edge, host, story.moments, story.places)


async def _first_session(story: _Story) -> None:
    made = story.stage
    await made.collector()
    await made.edge()
    for unit in made.boards:
        await made.edge_side.until(is_sent("DBIRTH", unit))
    await made.edge_side.until(is_received("NCMD"))
    await story.fill("unit-1", 50.0)

    await story.chapter("quiet")
    polls = [len(board.requests) for board in made.boards.values()]
    await until(
        lambda: all(
            len(board.requests) > before + QUIET_POLLS
            for board, before in zip(made.boards.values(), polls, strict=True)
        )
    )
    story.ends("quiet")

    at, _ = await story.chapter("rebirth")
    _command(story, "Node Control/Rebirth", boolean=True)
    await made.edge_side.until(is_sent("DBIRTH", "unit-2"), at)
    story.ends("rebirth")

    at, _ = await story.chapter("unknown command")
    _command(story, "Node Control/Nonsense", boolean=True)
    story.observer.publish(f"spBv1.0/{GROUP}/DCMD/{NODE}/unit-1", b"\xff\xff")
    await made.edge_side.until(is_received("DCMD"), at)
    await story.fill("unit-1", 55.0)
    story.ends("unknown command")

    for n in range(WRAP // 2):
        at, _ = story.at()
        for unit, board in made.boards.items():
            board.values["temperature"] = 5.0 + n % 7 * 5  # never one of the last two: a jump is told twice
            await made.edge_side.until(is_sent("DDATA", unit), at)


def _command(story: _Story, name: str, *, boolean: bool) -> None:
    """An NCMD as another host would make it."""
    now = utc_ms()
    payload = oracle.payload(now)
    payload.metrics.add(name=name, timestamp=now, boolean_value=boolean)
    story.observer.publish(f"spBv1.0/{GROUP}/NCMD/{NODE}", payload.SerializeToString())


async def _device_dies_and_returns(story: _Story) -> None:
    made = story.stage
    at, there = await story.chapter("device dies")
    made.boards["unit-1"].talking.clear()
    await made.edge_side.until(is_sent("DDEATH", "unit-1"), at)
    await made.host_side.until(is_received("DDEATH", "unit-1"), there)
    story.ends("device dies")
    at, _ = await story.chapter("device returns")
    made.boards["unit-1"].talking.set()
    await made.edge_side.until(is_sent("DBIRTH", "unit-1"), at)
    story.ends("device returns")


async def _host_leaves_and_returns(story: _Story) -> None:
    made = story.stage
    collector = made.programs[0]
    at, there = await story.chapter("host leaves")
    assert await collector.stop() == 0
    await made.host_side.until(is_state(online=False), there)
    await made.edge_side.until(is_sent("NDEATH"), at)
    await made.edge_side.until(lambda packet: packet.connect is not None, at)
    made.boards["unit-1"].values["fill_percent"] = 60.0
    made.boards["unit-2"].values["fill_percent"] = 61.0
    polls = len(made.boards["unit-1"].requests)
    await until(lambda: len(made.boards["unit-1"].requests) > polls + 5)
    story.ends("host leaves")
    at, there = story.begins("host returns")
    await collector.start()
    await made.edge_side.until(is_sent("DBIRTH", "unit-2"), at)
    await made.host_side.until(is_received("DDATA", "unit-2"), there)
    await story.settled()
    story.ends("host returns")


async def _edge_leaves(story: _Story) -> None:
    made = story.stage
    edge = made.programs[1]
    _, there = await story.chapter("edge leaves")
    assert await edge.stop() == 0
    await made.host_side.until(is_received("NDEATH"), there)
    story.ends("edge leaves")


async def _edge_is_killed(story: _Story) -> None:
    made = story.stage
    edge = made.programs[1]
    at, there = story.at()
    await edge.start()
    await made.edge_side.until(is_sent("DBIRTH", "unit-2"), at)
    await made.host_side.until(is_received("DBIRTH", "unit-2"), there)
    await story.fill("unit-1", 70.0)
    _, there = await story.chapter("edge is killed")
    await edge.kill()
    await made.host_side.until(is_received("NDEATH"), there)
    story.ends("edge is killed")
    at, _ = story.at()
    await edge.start()
    await made.edge_side.until(is_sent("DBIRTH", "unit-2"), at)
    await story.fill("unit-1", 72.0)


async def _host_is_killed(story: _Story) -> None:
    made = story.stage
    collector, edge = made.programs
    at, _ = await story.chapter("host is killed")
    await collector.kill()
    await made.edge_side.until(is_sent("NDEATH"), at)
    story.ends("host is killed")
    at, _ = story.at()
    await collector.start()
    await made.edge_side.until(is_sent("DBIRTH", "unit-2"), at)
    await story.settled()
    assert await edge.stop() == 0
    assert await collector.stop() == 0
