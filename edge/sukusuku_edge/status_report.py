"""How the agent is, for people and for the service manager: written while it works, so that silence means trouble."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

import sukusuku_core
from sukusuku_core.profile import ModbusProfile
from sukusuku_edge.binding import DeviceState
from sukusuku_edge.bootclock import Timekeeper
from sukusuku_edge.sd_notify import Notifier
from sukusuku_edge.settings import Device, Edge
from sukusuku_edge.uplink import Uplink

PATIENCE = 300.0
"""Seconds, on top of three polls, without a word from any polled device after which the agent is taken to hang."""

_log = logging.getLogger("sukusuku_edge")


class DeviceLine(msgspec.Struct, frozen=True):
    """A device; times in UTC ms."""

    id: str
    where: str
    state: str
    unstable: bool
    heard: int | None
    trouble: str


class CertificateLine(msgspec.Struct, frozen=True):
    """The certificate of this node; times in UTC ms. `asked`: when the server was last asked; None: not yet."""

    ends: int
    asked: int | None
    trouble: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The status file; times in UTC ms."""

    time: int
    process: int
    version: str
    node: str
    uplink: str
    last_ack: int | None
    clock: str
    devices: tuple[DeviceLine, ...]
    certificate: CertificateLine | None = None
    """None: it renews none."""


def path_of(outbox: Path) -> Path:
    """Return the status file beside an outbox."""
    return outbox.with_name(outbox.name + ".status.json")


def read(outbox: Path) -> Status | None:
    """Return the last word of the agent; None when there is none, or none that can be read."""
    try:
        return msgspec.json.decode(path_of(outbox).read_bytes(), type=Status)
    except (OSError, msgspec.DecodeError):
        return None


def where(device: Device) -> str:
    """Return the place of a device, for people."""
    if device.topic is not None:
        return device.topic
    return f"{device.bus or f'{device.host}:{device.port}'} unit {device.unit}"


class Reporter:
    """Writes the status file and feeds the watchdog, as long as polls come and commits succeed."""

    def __init__(
        self, edge: Edge, notifier: Notifier, certificate: Callable[[], CertificateLine | None] = lambda: None
    ) -> None:
        self._certificate = certificate
        self._node = edge.settings.node
        self._file = path_of(Path(edge.settings.outbox.path))
        self._where: Mapping[str, str] = {device.id: where(device) for device in edge.settings.device}
        self._notifier = notifier
        used = {bound.device for bound in edge.bound}
        polls = [
            device.poll
            for device in edge.settings.device
            if device.id in used and isinstance(edge.profiles[device.id], ModbusProfile)
        ]
        self._longest = PATIENCE + 3 * max(polls) if polls else None
        self._heard = time.monotonic()
        self._told = True

    def ready(self) -> None:
        """All is up."""
        self._notifier.send("READY=1")

    def stopping(self) -> None:
        """Report that the agent is stopping."""
        self._notifier.send("STOPPING=1")

    def progress(self, events: int) -> None:
        """So many events have been committed."""
        if events:
            self._heard = time.monotonic()

    def report(self, rows: int, devices: Sequence[DeviceState], keeper: Timekeeper, uplink: Uplink) -> None:
        """Say how it is; the watchdog hears of it only while the sources say something."""
        down = sum(bool(device.trouble) for device in devices)
        clock = keeper.line.phase.value
        words = "waiting for the clock to be set" if keeper.held else uplink.state
        lines = [f"STATUS={words}; {rows} readings wait; {down} of {len(devices)} devices in trouble"]
        if self._longest is None or time.monotonic() - self._heard < self._longest:
            lines.append("WATCHDOG=1")
        self._notifier.send(*lines)
        status = Status(
            time=keeper(),
            process=os.getpid(),
            version=sukusuku_core.__version__,
            node=self._node,
            uplink=words,
            last_ack=uplink.last_ack,
            clock=clock,
            certificate=self._certificate(),
            devices=tuple(
                DeviceLine(item.id, self._where[item.id], item.state, item.unstable, item.heard, item.trouble)
                for item in devices
            ),
        )
        temporary = self._file.with_name(self._file.name + ".new")
        try:
            temporary.write_bytes(msgspec.json.format(msgspec.json.encode(status)))
            temporary.replace(self._file)
        except OSError as error:
            if self._told:
                _log.warning("%s cannot be written: %s", self._file, error)
            self._told = False
        else:
            self._told = True
