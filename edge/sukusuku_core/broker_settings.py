"""How a settings file says where an MQTT broker is: the same keys for every process."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import LAST_PORT, Port, Settings

Protocol = Literal["3.1.1", "5"]
"""The versions of MQTT that are spoken."""

_FILES = ("ca_file", "cert_file", "key_file")
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/@\[\]]+))(?::(?P<port>\d{1,5}))?")
_Address = Annotated[str, msgspec.Meta(max_length=255, description="a host, or host:port")]


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """How to reach the broker. A connection that has gone silent is noticed within one and a half `keepalive` (s)."""

    host: str
    port: int
    client_id: str
    keepalive: int = 15
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    """A certificate authority switches TLS on."""
    cert_file: Path | None = None
    key_file: Path | None = None
    connect_timeout: float = 5.0
    protocol: Protocol = "3.1.1"
    subscribe_qos: Literal[0, 1] = 1
    others: tuple[tuple[str, int], ...] = ()
    """Host and port of further servers of the same broker."""

    def next(self) -> Self:
        """Return the same with the next server in the place of this one, which comes last then."""
        if not self.others:
            return self
        (host, port), *rest = self.others
        return replace(self, host=host, port=port, others=(*rest, (self.host, self.port)))


class BrokerSettings(Settings, frozen=True, kw_only=True):
    """How an MQTT broker is reached. Files are relative to the settings file; `ca_file` switches TLS on."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Port = 1883
    others: Annotated[tuple[_Address, ...], msgspec.Meta(max_length=16)] = ()
    """Further servers of the same broker, where it is a cluster: `host:port`, or a host with the same `port`. Whoever
    loses one goes to the next. See docs/cluster.md."""
    protocol: Protocol = "3.1.1"
    """The version of MQTT."""
    subscribe_qos: Literal[0, 1] = 1
    """With which quality of service messages are asked for. 0 where each such wish costs a broker much, as in a cluster
    of NATS; nothing is lost by it, for what matters is acknowledged end to end."""
    keepalive: Annotated[int, msgspec.Meta(ge=2, le=300)] = 10
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    """The certificate of this client, where the broker asks for one."""
    key_file: str | None = None

    def session(self, client_id: str) -> MqttSettings:
        """Return the same for an MQTT session."""
        return MqttSettings(
            host=self.host,
            port=self.port,
            client_id=client_id,
            keepalive=self.keepalive,
            username=self.username,
            password=self.password,
            ca_file=Path(self.ca_file) if self.ca_file else None,
            cert_file=Path(self.cert_file) if self.cert_file else None,
            key_file=Path(self.key_file) if self.key_file else None,
            connect_timeout=3.0,
            protocol=self.protocol,
            subscribe_qos=self.subscribe_qos,
            others=self.addresses[1:],
        )

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Return host and port of every server, in the order in which they are tried."""
        found = [match for other in self.others if (match := _ADDRESS.fullmatch(other))]
        return (
            (self.host, self.port),
            *((match["six"] or match["host"], int(match["port"] or self.port)) for match in found),
        )

    def each(self) -> Iterator[Self]:
        """Yield the settings of every server by itself."""
        for host, port in self.addresses:
            yield msgspec.structs.replace(self, host=host, port=port, others=())

    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with the paths of its files. `where` is the key path of this table in errors.

        Raises ConfigError when a file is not there, or would not be used, and when a server is named twice or has a
        port that is none.
        """
        for place, other in enumerate(self.others):
            key = f"{where}.others[{place}]"
            if _ADDRESS.fullmatch(other) is None:
                raise ConfigError(f"{key}: found {other!r}, expected a host or host:port, such as b2.example.jp:8883")
            host, port = self.addresses[place + 1]
            if not 1 <= port <= LAST_PORT:
                raise ConfigError(f"{key}: found port {port}, allowed: 1 to {LAST_PORT}")
            if (host, port) in self.addresses[: place + 1]:
                raise ConfigError(f"{key}: {host}:{port} is named above already; give each server once")
        paths = {key: (folder / given).resolve() for key in _FILES if (given := getattr(self, key))}
        for key, path in paths.items():
            if "ca_file" not in paths:
                raise ConfigError(f"{where}.{key}: without `ca_file` there is no TLS and it would not be used")
            if not path.is_file():
                raise ConfigError(f"{where}.{key}: there is no file {path}")
        if "key_file" in paths and "cert_file" not in paths:
            raise ConfigError(f"{where}.key_file: `cert_file` is missing; they go together")
        return msgspec.structs.replace(self, **{key: str(path) for key, path in paths.items()})
