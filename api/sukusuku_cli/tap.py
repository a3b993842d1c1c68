"""`sukusuku tap`: the Sparkplug traffic of a broker as a readable table, one line per metric."""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sukusuku_core import sparkplug, state, topics
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.model import Quality
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_server.terminal import Listing

_COLUMNS = (("time", 12), ("type", 6), ("from", 26), ("seq", 4), ("metric", 24), ("value", 22), ("age", 9))
_STYLES = {"NBIRTH": "green", "DBIRTH": "green", "NDEATH": "red", "DDEATH": "red", "STATE": "cyan", "?": "bold red"}


class Table:
    """Turns messages into lines; remembers the datatypes that births declare."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._listing = Listing([places for _, places in _COLUMNS])
        self._types: dict[str, dict[str, int]] = {}

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
            source = f"{topic.node}/{topic.device}" if topic.device else topic.node
            types = self._types.setdefault(source, {})
            payload = sparkplug.decode(message.payload, types.get)
        except DecodeError as error:
            yield self._line(clock, "?", message.topic, "", "unreadable", str(error))
            return
        seq = "" if payload.seq is None else str(payload.seq)
        if not payload.metrics:
            yield self._line(clock, topic.type, source, seq)
        for n, metric in enumerate(payload.metrics):
            if metric.datatype is not None:
                types[metric.name] = metric.datatype
            first = (clock, topic.type, source, seq) if n == 0 else ("", "", "", "")
            yield self._line(*first, metric.name, _value(metric), _age(metric, now))

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


def main(argv: Sequence[str] | None = None) -> int:
    """Read the wire until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="sukusuku tap",
        description="Show the Sparkplug traffic of a broker as a readable table; H marks historical values. "
        "MQTT ブローカーの Sparkplug 通信を読める表にします。",
        epilog="example: sukusuku tap --port 1883 --group toshima",
    )
    parser.add_argument("--host", default="127.0.0.1", help="MQTT broker (default: %(default)s)")
    parser.add_argument("--port", type=int, default=1883, help="its port (default: %(default)s)")
    parser.add_argument("--username", help="user name at the broker")
    parser.add_argument("--password", help="password at the broker")
    parser.add_argument("--group", default="+", help="Sparkplug group, the operator id (default: all)")
    parser.add_argument("--zone", default="Asia/Tokyo", help="time zone of the first column (default: %(default)s)")
    options = parser.parse_args(argv)
    settings = MqttSettings(
        options.host, options.port, f"sukusuku-tap-{os.getpid()}", username=options.username, password=options.password
    )
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):  # `| head` has seen enough
        try:
            asyncio.run(tap(settings, options.group, Table(ZoneInfo(options.zone))))
        except TransientError as error:
            print(f"sukusuku tap: {error}", file=sys.stderr)
            return 1
    return 0
