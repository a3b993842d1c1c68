"""`sukusuku tap`: the Sparkplug traffic of a broker as a readable table, one line per metric."""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sukusuku_cli.gateway_draft import Draft
from sukusuku_core import sparkplug, state, topics
from sukusuku_core.aliases import Aliases
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.model import Quality
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_server.terminal import Listing

_COLUMNS = (("time", 12), ("type", 6), ("from", 26), ("seq", 4), ("metric", 24), ("value", 22), ("age", 9))
_BIRTHS = {topics.MessageType.NBIRTH, topics.MessageType.DBIRTH}
_STYLES = {"NBIRTH": "green", "DBIRTH": "green", "NDEATH": "red", "DDEATH": "red", "STATE": "cyan", "?": "bold red"}


class Table:
    """Turns messages into lines; remembers the datatypes and aliases that births declare."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._listing = Listing([places for _, places in _COLUMNS])
        self._types: dict[tuple[str, str], dict[str, int]] = {}
        self._aliases: dict[tuple[str, str], Aliases] = {}

    def head(self) -> str:
        """Return the line above the table."""
        return self._listing.row([name for name, _ in _COLUMNS], "bold")

    def lines(self, message: Message, now: int) -> Iterator[str]:
        """One line per metric of a message; one line that says why for a message that cannot be read."""
        clock = datetime.fromtimestamp(now / 1000, self._zone).strftime("%H:%M:%S.%f")[:12]
        if message.topic.startswith(f"{topics.NAMESPACE}/STATE/"):
            yield self._state(clock, message)
            return
        try:
            topic = topics.parse(message.topic)
            body = sparkplug.parse(message.payload)
        except DecodeError as error:
            yield self._line(clock, "?", message.topic, "", "unreadable", str(error))
            return
        source = f"{topic.node}/{topic.device}" if topic.device else topic.node
        seq = str(body.seq) if body.HasField("seq") else ""
        if not body.metrics:
            yield self._line(clock, topic.type, source, seq)
        aliases = self._aliases_of(topic)
        if topic.type in _BIRTHS:
            try:
                aliases.declare(topic.device, body.metrics)
            except DecodeError as error:
                yield self._line(clock, "?", source, seq, "birth", str(error))
        else:
            aliases.name(topic.device, body.metrics)
        for n, item in enumerate(body.metrics):
            first = (clock, topic.type, source, seq) if n == 0 else ("", "", "", "")
            yield self._line(*first, *self._metric(item, (topic.group, source), now))

    def _aliases_of(self, topic: topics.NodeTopic) -> Aliases:
        node = topic.group, topic.node
        if topic.type is topics.MessageType.NBIRTH or node not in self._aliases:
            self._aliases[node] = Aliases()
        return self._aliases[node]

    def _metric(self, item: Any, source: tuple[str, str], now: int) -> tuple[str, str, str]:
        """Return name, value and age of one metric; what cannot be read costs this cell only."""
        types = self._types.setdefault(source, {})
        name = item.name if item.name and isinstance(item.name, str) else f"alias {item.alias}"
        if item.datatype:
            types[name] = item.datatype
        if (unread := sparkplug.unread(item, types.get(name, 0))) is not None:
            return name, f"({unread})", ""
        try:
            metric = sparkplug.read_metric(item, types.get(name))
        except DecodeError as error:
            return name, f"({error.reason})", ""
        return name, _value(metric), _age(metric, now)

    def _state(self, clock: str, message: Message) -> str:
        host = message.topic.rsplit("/", 1)[-1]
        try:
            said = state.decode(message.payload)
        except DecodeError as error:
            return self._line(clock, "STATE", host, "", "unreadable", str(error))
        return self._line(clock, "STATE", host, "", "online" if said.online else "offline", str(said.timestamp))

    def _line(self, *cells: str) -> str:
        return self._listing.row(cells, _STYLES.get(cells[1], ""))


def _value(metric: sparkplug.Metric) -> str:
    value = "(null)" if metric.value is None else f"{metric.value}"
    return value if metric.quality is Quality.GOOD else f"{value} {metric.quality.name}"


def _age(metric: sparkplug.Metric, now: int) -> str:
    if metric.timestamp is None:
        return ""
    age = f"{(now - metric.timestamp) / 1000:.1f} s"
    return f"{age} H" if metric.historical else age


async def tap(settings: MqttSettings, group: str, table: Table) -> None:
    """Print the traffic of a group (`+`: of all) until cancelled. Raises TransientError when the broker goes."""
    filters = [f"{topics.NAMESPACE}/{group}/{kind}/#" for kind in topics.MessageType]
    async with MqttSession(settings) as session:
        session.subscribe([topics.state_topic("+"), *filters])
        print(table.head(), flush=True)
        while True:
            for message in await session.receive():
                for line in table.lines(message, now_ms()):
                    print(line)
            sys.stdout.flush()


async def suggest(settings: MqttSettings, group: str, draft: Draft) -> None:
    """Hear the births of gateways into a draft, and ask those for them that send without one, until cancelled."""
    async with MqttSession(settings) as session:
        session.subscribe(topics.group_filters(group))
        while True:
            for message in await session.receive():
                if (node := draft.hear(message)) is not None:
                    request = topics.NodeTopic(node[0], topics.MessageType.NCMD, node[1])
                    session.publish(str(request), sparkplug.command([(sparkplug.REBIRTH, True)], now_ms()))


async def _suggested(settings: MqttSettings, group: str, seconds: float) -> str:
    draft = Draft()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await suggest(settings, group, draft)
    return draft.text()


def main(argv: Sequence[str] | None = None) -> int:
    """Read the wire until Ctrl-C."""
    options = parser().parse_args(argv)
    settings = MqttSettings(
        options.host, options.port, f"sukusuku-tap-{os.getpid()}", username=options.username, password=options.password
    )
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):  # `| head` has seen enough
        try:
            if options.suggest:
                print(f"listening for {options.seconds:g} s ...", file=sys.stderr)
                print(asyncio.run(_suggested(settings, options.group, options.seconds)))
            else:
                asyncio.run(tap(settings, options.group, Table(ZoneInfo(options.zone))))
        except TransientError as error:
            print(f"sukusuku tap: {error}", file=sys.stderr)
            return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku tap",
        description="Show the Sparkplug traffic of a broker as a readable table; H marks historical values. "
        "MQTT ブローカーの Sparkplug 通信を読める表にします。",
        epilog="example: sukusuku tap --port 1883 --group toshima",
    )
    made.add_argument("--host", default="127.0.0.1", help="MQTT broker (default: %(default)s)")
    made.add_argument("--port", type=int, default=1883, help="its port (default: %(default)s)")
    made.add_argument("--username", help="user name at the broker")
    made.add_argument("--password", help="password at the broker")
    made.add_argument("--group", default="+", help="Sparkplug group, the operator id (default: all)")
    made.add_argument("--zone", default="Asia/Tokyo", help="time zone of the first column (default: %(default)s)")
    made.add_argument(
        "--suggest",
        action="store_true",
        help="listen for a while, ask gateways of other makes for their births, and print a draft of [[gateway]] for "
        "facility.toml · 他社ゲートウェイ用の [[gateway]] の下書きを表示",
    )
    made.add_argument("--seconds", type=float, default=20.0, help="how long --suggest listens (default: %(default)s)")
    return made
