"""What can be chosen about a demo, and the addresses that follow from it."""

import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import LAST_PORT

HOST = "127.0.0.1"
WEEKS_OF_PAST = 8


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens on loopback.

    `modbus` is the first of `MODBUS_PORTS` neighbours, `influx` the first of `INFLUX_PORTS`, `cluster` of
    `CLUSTER_PORTS`.
    """

    web: int = 8080
    mailbox: int = 8081
    smtp: int = 10025
    broker: int = 18830
    modbus: int = 15020
    influx: int = 18086
    cluster: int = 16000


MODBUS_PORTS = 10
INFLUX_PORTS = 3
CLUSTER_PORTS = 22

StoreKind = Literal["sqlite", "influx"]


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """`seconds` None: until Ctrl-C. `folder` holds settings, databases and logs of this run.

    `reports`: compare at the end what was produced, accepted and stored.
    """

    folder: Path
    ports: Ports = Ports()
    seconds: float | None = None
    weeks: int = WEEKS_OF_PAST
    store: StoreKind = "sqlite"
    reports: bool = False
    cluster: bool = False
    """Three servers of the broker, three of the database, two collectors, two APIs."""


def check_ports(ports: Ports, store: StoreKind = "sqlite", *, cluster: bool = False) -> None:
    """Raise ConfigError that names the first port that is taken or none, and the option to choose another."""
    wanted = {
        "--web-port": [ports.web],
        "--mailbox-port": [ports.mailbox],
        "--smtp-port": [ports.smtp],
        "--broker-port": [ports.broker],
        "--modbus-port": list(range(ports.modbus, ports.modbus + MODBUS_PORTS)),
    }
    if store == "influx":
        wanted["--influx-port"] = list(range(ports.influx, ports.influx + INFLUX_PORTS))
    if cluster:
        wanted["--cluster-port"] = list(range(ports.cluster, ports.cluster + CLUSTER_PORTS))
    for option, numbers in wanted.items():
        if not 1 <= numbers[0] <= numbers[-1] <= LAST_PORT:
            most = LAST_PORT + 1 - len(numbers)
            raise ConfigError(f"{option}: found {numbers[0]}, allowed: 1 to {most}")
    for option, numbers in wanted.items():
        for port in numbers:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError as error:
                    raise ConfigError(
                        f"port {HOST}:{port} is taken ({error.strerror}); choose another with {option} NUMBER"
                    ) from error


def check_folder(folder: Path) -> None:
    """Raise ConfigError when the folder holds an earlier run: its readings would be judged as if they were of this."""
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"the folder {folder} is not empty; name a new one, or leave --folder out")


def find_mosquitto() -> str | None:
    """Return the Mosquitto program, also where Debian keeps it outside a user's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
