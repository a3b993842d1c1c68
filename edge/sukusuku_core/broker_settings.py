"""How a settings file says where an MQTT broker is: the same keys for every process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import Port, Settings

Protocol = Literal["3.1.1", "5"]
"""The versions of MQTT that are spoken."""

_FILES = ("ca_file", "cert_file", "key_file")


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


class BrokerSettings(Settings, frozen=True, kw_only=True):
    """How an MQTT broker is reached. Files are relative to the settings file; `ca_file` switches TLS on."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Port = 1883
    protocol: Protocol = "3.1.1"
    """The version of MQTT."""
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
        )

    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with the paths of its files. `where` is the key path of this table in errors.

        Raises ConfigError when a file is not there, or would not be used.
        """
        paths = {key: (folder / given).resolve() for key in _FILES if (given := getattr(self, key))}
        for key, path in paths.items():
            if "ca_file" not in paths:
                raise ConfigError(f"{where}.{key}: without `ca_file` there is no TLS and it would not be used")
            if not path.is_file():
                raise ConfigError(f"{where}.{key}: there is no file {path}")
        if "key_file" in paths and "cert_file" not in paths:
            raise ConfigError(f"{where}.key_file: `cert_file` is missing; they go together")
        return msgspec.structs.replace(self, **{key: str(path) for key, path in paths.items()})
