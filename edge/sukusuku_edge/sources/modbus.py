"""Modbus TCP devices over pymodbus; the only file of the edge agent that knows it.

Each device has a task and a connection of its own, so a dead one costs the others nothing. After a time-out or a
malformed answer the connection is closed: a late answer must never be taken for that of the next request.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from sukusuku_core import registers
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality
from sukusuku_core.profile import Area, ModbusPoint, ModbusProfile
from sukusuku_core.registers import Block, Decoded
from sukusuku_edge.journal import Journal
from sukusuku_edge.sample import Emit, Event, Failure, Rejected, Sample
from sukusuku_edge.settings import Device, Edge

SPREAD = 2.0
"""Devices start within so many seconds of each other."""
PATIENCE = 3
"""Failures in a row after which a device is asked less and less often."""
LONGEST_PAUSE = 30.0
REFUSED_PAUSE = 600.0
"""Seconds before a point that the device refuses is tried again."""

_FUNCTION = {Area.COIL: 1, Area.DISCRETE: 2, Area.HOLDING: 3, Area.INPUT: 4}
_UNKNOWN_POINT = frozenset({1, 2, 3})
_BUSY = frozenset({5, 6})
_NO_DEVICE_BEHIND_GATEWAY = frozenset({10, 11})
_MEANING = {
    1: "function not supported: check `area` in the profile",
    2: "no such address: check the profile",
    3: "request not allowed: check `max_read` in the profile",
    4: "the device reports a failure of its own",
    5: "busy",
    6: "busy",
    10: "the gateway has no path to unit {unit}: check its settings",
    11: "unit {unit} does not answer the gateway: check power, cable, unit id",
}

_log = logging.getLogger("sukusuku_edge.modbus")


class _Refused(Exception):  # noqa: N818 - not an error of ours: the device's answer
    """The device answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def sources(edge: Edge, clock: Clock) -> Sequence["ModbusDevice"]:
    """A source for every Modbus device that is bound to something."""
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs every failure; we log the transitions
    found = []
    for device in edge.settings.device:
        profile = edge.profiles[device.id]
        if isinstance(profile, ModbusProfile):
            wanted = {bound.point.name for bound in edge.bound if bound.device == device.id}
            points = tuple(point for point in profile.point if point.name in wanted)
            if points:
                found.append(ModbusDevice(device, profile, points, clock))
    return found


class ModbusDevice:
    """Polls one device."""

    def __init__(self, device: Device, profile: ModbusProfile, points: Sequence[ModbusPoint], clock: Clock) -> None:
        self.name = device.id
        self._device = device
        self._profile = profile
        self._clock = clock
        self._where = f"{device.host}:{device.port} unit {device.unit}"
        self._blocks = registers.plan(profile, points)
        self._parked: dict[Block, float] = {}
        self._failures = 0
        self._client: AsyncModbusTcpClient | None = None
        self._garbage = False
        self._journal = Journal(_log)

    async def run(self, emit: Emit) -> None:
        """Poll until cancelled."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(random.random() * min(self._device.poll, SPREAD))
        try:
            while True:
                begun = loop.time()
                for event in await self.poll():
                    await emit(event)
                await asyncio.sleep(max(0.0, begun + self._pause() - loop.time()))
        finally:
            self._close()

    async def poll(self) -> list[Event]:
        """Read all blocks once: one sample with one time, or one failure."""
        time = self._clock()
        rejected: list[Event] = []
        values: dict[str, Decoded] = {}

        def reject(block: Block, text: str) -> None:
            rejected.append(Rejected(self.name, time, text))
            self._journal.trouble(f"{self.name} {_names(block)}", text)

        try:
            client = await self._connected()
            for block in self._due():
                try:
                    words = await self._read(client, block)
                except _Refused as refused:
                    values.update(await self._after_refusal(client, block, refused.code, reject))
                else:
                    values.update(registers.decode_block(self._profile, block, words))
                    self._journal.fine(f"{self.name} {_names(block)}", "can be read again")
        except TransientError as error:
            self._close()
            self._failures += 1
            self._journal.trouble(self.name, str(error))
            return [Failure(self.name, time, str(error))]
        self._failures = 0
        self._journal.fine(self.name, f"{self._where} answers again")
        parked = {point.name: Decoded(None, Quality.BAD) for block in self._parked for point in block.points}
        return [*rejected, Sample(self.name, time, parked | values)]

    # ------------------------------------------------------------ inside

    def _pause(self) -> float:
        poll = self._device.poll
        if self._failures < PATIENCE:
            return poll
        longest = max(poll, LONGEST_PAUSE)
        return min(longest, poll * 2.0 ** min(self._failures - PATIENCE + 1, 30)) * (0.8 + random.random() / 5)

    def _due(self) -> list[Block]:
        now = asyncio.get_running_loop().time()
        self._parked = {block: until for block, until in self._parked.items() if until > now}
        return [block for block in self._blocks if block not in self._parked]

    async def _after_refusal(
        self, client: AsyncModbusTcpClient, block: Block, code: int, reject: Callable[[Block, str], None]
    ) -> dict[str, Decoded]:
        """What can be said of a block that was answered with an exception code."""
        meaning = _MEANING.get(code, "an exception that is not in the standard's list").format(unit=self._device.unit)
        text = f"{self._where} refuses (exception {code}): {meaning}"
        if code in _NO_DEVICE_BEHIND_GATEWAY:
            raise TransientError(text)
        if code in _BUSY:
            reject(block, text)
            return {}
        bad = {point.name: Decoded(None, Quality.BAD) for point in block.points}
        if code not in _UNKNOWN_POINT:
            reject(block, text)
            return bad
        if len(block.points) == 1:
            self._parked[block] = asyncio.get_running_loop().time() + REFUSED_PAUSE
            reject(block, f"{text}; not asked again for {REFUSED_PAUSE:g} s")
            return bad
        # One point that the device does not have must not hide its neighbours: ask for them one by one from now on.
        singles = tuple(single for point in block.points for single in registers.plan(self._profile, (point,)))
        at = self._blocks.index(block)
        self._blocks = (*self._blocks[:at], *singles, *self._blocks[at + 1 :])
        values: dict[str, Decoded] = {}
        for single in singles:
            try:
                words = await self._read(client, single)
            except _Refused as refused:
                values.update(await self._after_refusal(client, single, refused.code, reject))
            else:
                values.update(registers.decode_block(self._profile, single, words))
        return values

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        self._close()
        self._garbage = False
        self._client = client = AsyncModbusTcpClient(
            self._device.host or "",
            port=self._device.port,
            name=self.name,
            timeout=self._device.timeout,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._inspect,
        )
        if not await client.connect():
            raise TransientError(
                f"no connection to {self._device.host}:{self._device.port} within {self._device.timeout:g} s: "
                "check power, cable, address"
            )
        return client

    async def _read(self, client: AsyncModbusTcpClient, block: Block) -> Sequence[int]:
        """The registers or bits of a block. Raises _Refused, and TransientError when there is no usable answer."""
        ask: Callable[..., Any] = {
            Area.COIL: client.read_coils,
            Area.DISCRETE: client.read_discrete_inputs,
            Area.HOLDING: client.read_holding_registers,
            Area.INPUT: client.read_input_registers,
        }[block.area]
        try:
            answer = await ask(block.start, count=block.count, device_id=self._device.unit)
        except ModbusException as error:
            if self._garbage:
                raise TransientError(f"{self._where} answers with something that is not Modbus TCP") from error
            if not client.connected:
                raise TransientError(f"{self._where} closed the connection: is another master connected?") from error
            raise TransientError(
                f"no answer from {self._where} within {self._device.timeout:g} s: check power, cable, address"
            ) from error
        if answer.isError():
            raise _Refused(answer.exception_code)
        words: Sequence[int] = answer.bits[: block.count] if block.area.of_bits else answer.registers
        if answer.function_code != _FUNCTION[block.area] or len(words) != block.count:
            raise TransientError(
                f"{self._where} answers {len(words)} values of function {answer.function_code} "
                f"where {block.count} of function {_FUNCTION[block.area]} were asked for"
            )
        return words

    def _inspect(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - pymodbus prescribes the signature
        """Keep bytes that cannot be an answer from pymodbus, which would raise inside the event loop."""
        if sending or len(data) < 8:  # noqa: PLR2004 - header, unit, function: less is not yet a frame
            return data
        if data[2:4] != b"\0\0" or data[7] & 0x7F not in _FUNCTION.values():
            self._garbage = True
            return b""
        return data

    def _close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _names(block: Block) -> str:
    names = [point.name for point in block.points]
    return names[0] if len(names) == 1 else f"{names[0]}..{names[-1]}"
