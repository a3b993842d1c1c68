"""The lines to Modbus devices: TCP, a serial port, a serial line behind a gateway.

A line carries one request at a time and hands on nothing but the answer to it: after a time-out or anything else that
does not fit, a TCP connection is closed, and a serial line is listened to until it has been quiet for long enough.
"""

import asyncio
import termios
from pathlib import Path

import serial  # type: ignore[import-untyped]  # pyserial has no types

from sukusuku_core import frames
from sukusuku_core.frames import Heard, Request
from sukusuku_edge.settings import SerialBus
from sukusuku_edge.sources.modbus_transport import Client, PymodbusLine, serial_client, tcp_client

QUIET = 1.5
"""A serial line counts as drained when nothing came for so many times its longest frame."""
NOISY = 20
"""After so many of these times of waiting for quiet, the line is used all the same."""
GAP_CHARACTERS = 3.5
SHORTEST_GAP = 0.00175
"""Seconds between two frames at more than 19 200 baud, by the Modbus specification."""
LATENESS = 3.0
"""A unit on a serial line may answer so many time-outs late; until then it is not asked again."""


class TcpLine(PymodbusLine):
    """A connection to a device, or to a gateway with several units behind it."""

    repeatable = True

    def __init__(self, host: str, port: int, pause: float = 0.0) -> None:
        super().__init__(pause)
        self._host = host
        self._port = port

    def name(self, unit: int) -> str:
        """Host, port and unit."""
        return f"{self._host}:{self._port} unit {unit}"

    def rest(self, timeout: float) -> float:  # noqa: ARG002 - part of the Protocol
        """None: a late answer finds its connection closed."""
        return 0.0

    def _make(self) -> Client:
        return tcp_client(self._host, self._port, self._trace)

    def _unreachable(self, timeout: float, why: BaseException | None) -> str:  # noqa: ARG002 - part of the base
        return f"no connection to {self._host}:{self._port} within {timeout:g} s: check power, cable, address"

    def _closed(self) -> str:
        return "the connection was closed: is another master connected?"

    def _silent(self, unit: int, timeout: float) -> str:
        return f"no answer from {self.name(unit)} within {timeout:g} s: check power, cable, address"

    def _understood(self, request: Request, data: bytes) -> Heard:
        return frames.from_tcp(request, data)

    async def _before(self) -> None:
        """TCP needs no pause."""

    async def _recover(self) -> None:
        self.close()


class SerialLine(PymodbusLine):
    """An RS485 line with several units. `longest` is the longest answer that any request on it can get, in bytes."""

    def __init__(self, bus: SerialBus, longest: int, pause: float = 0.0) -> None:
        super().__init__(pause)
        self._bus = bus
        self._character = (9 + (bus.parity != "N") + bus.stop_bits) / bus.baud
        fast = bus.baud > 19_200  # noqa: PLR2004 - the specification's border
        self._gap = SHORTEST_GAP if fast else GAP_CHARACTERS * self._character
        self._quiet = QUIET * longest * self._character
        self._heard = 0.0
        """When something was last seen on the line, by the loop's clock."""

    def name(self, unit: int) -> str:
        """Bus and unit."""
        return f"{self._bus.id} unit {unit}"

    def rest(self, timeout: float) -> float:
        """Long enough for any answer to come late: nothing in it would tell it from that to the next request."""
        return LATENESS * timeout

    def _make(self) -> Client:
        return serial_client(self._bus, self._trace)

    def _unreachable(self, timeout: float, why: BaseException | None) -> str:  # noqa: ARG002 - as for TCP
        port, line = self._bus.port, f"{self._bus.baud} baud 8{self._bus.parity}{self._bus.stop_bits}"
        if not Path(port).exists():
            return f"{self._bus.id}: {port} is not there: is the adapter plugged in?"
        if why is not None and not isinstance(why, TimeoutError):
            return f"{self._bus.id}: {port} does not take {line} ({_text(why)}): try another parity, or another adapter"
        reason = _reason(self._bus)
        return (
            f"{self._bus.id}: {port} cannot be opened{reason}: is it in use, may this user open it (group dialout), "
            f"does it know {line}?"
        )

    def _closed(self) -> str:
        return f"{self._bus.port} was closed: was the adapter pulled out?"

    def _silent(self, unit: int, timeout: float) -> str:
        return (
            f"no answer on {self.name(unit)} within {timeout:g} s: check wiring, power, address, baud "
            f"({self._bus.baud} 8{self._bus.parity}{self._bus.stop_bits})"
        )

    def _understood(self, request: Request, data: bytes) -> Heard:
        return frames.from_serial(request, data)

    def _flight(self, request: Request) -> float:
        return (8 + request.length) * self._character

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - as above
        self._heard = asyncio.get_running_loop().time()
        return super()._trace(sending, data)

    async def _before(self) -> None:
        wait = self._heard + self._gap - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)

    async def _recover(self) -> None:
        """Listen until the line has been quiet; what comes meanwhile goes to nobody."""
        self._request = None
        loop = asyncio.get_running_loop()
        since = loop.time()
        until = since + self._quiet
        while loop.time() < min(until, since + NOISY * self._quiet):
            await asyncio.sleep(until - loop.time())
            until = max(until, self._heard + self._quiet)


class RtuOverTcpLine(SerialLine):
    """A serial line behind a gateway that passes its frames on as they are, over TCP."""

    def __init__(self, bus: SerialBus, longest: int, pause: float = 0.0) -> None:
        super().__init__(bus, longest, pause)
        self._host, self._port = bus.gateway or ("", 0)

    def _make(self) -> Client:
        return tcp_client(self._host, self._port, self._trace, rtu=True)

    def _unreachable(self, timeout: float, why: BaseException | None) -> str:  # noqa: ARG002 - as for TCP
        return (
            f"{self._bus.id}: no connection to the gateway {self._host}:{self._port} within {timeout:g} s: "
            "check its power, cable, address and port"
        )

    def _closed(self) -> str:
        return f"the gateway {self._host}:{self._port} closed the connection: does it allow one client only?"

    def _silent(self, unit: int, timeout: float) -> str:
        return (
            f"no answer on {self.name(unit)} behind {self._host}:{self._port} within {timeout:g} s: check wiring, "
            "power, address, the gateway's baud and parity, and that it passes RTU frames on (Modbus TCP is a `host`)"
        )


def serial_line(bus: SerialBus, longest: int, pause: float = 0.0) -> SerialLine:
    """Return the line to a serial port, here or behind a gateway."""
    return SerialLine(bus, longest, pause) if bus.gateway is None else RtuOverTcpLine(bus, longest, pause)


def _text(error: BaseException) -> str:
    return str(error.args[-1] if isinstance(error, termios.error) else error)


def _reason(bus: SerialBus) -> str:
    """Return why a port cannot be opened, when trying again shows it."""
    try:
        serial.serial_for_url(bus.port, bus.baud, parity=bus.parity, stopbits=bus.stop_bits, exclusive=True).close()
    except (OSError, ValueError, termios.error) as error:
        return f" ({_text(error)})"
    return ""
