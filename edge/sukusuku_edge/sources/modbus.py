"""Modbus devices, whatever line they are reached by: one task for each.

A dead device costs the others little: nothing over TCP, on a serial line one time-out now and then. Who it is that
answers is asked first after every failure or reconnect, before anything that is counted.
"""

import asyncio
import logging
import math
import random
from collections import Counter
from collections.abc import Sequence

from sukusuku_core import registers
from sukusuku_core.backoff import Backoff
from sukusuku_core.catalogue import Role
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.frames import LONGEST
from sukusuku_core.model import Quality
from sukusuku_core.profile import ModbusPoint, ModbusProfile
from sukusuku_core.registers import Block, Decoded
from sukusuku_core.transition_log import TransitionLog
from sukusuku_edge.events import Cleared, Emit, Event, Failure, Rejected, Sample
from sukusuku_edge.settings import Device, Edge
from sukusuku_edge.sources.modbus_lines import TcpLine, serial_line
from sukusuku_edge.sources.modbus_transport import Line, Refused

SPREAD = 2.0
"""Devices start within so many seconds of each other."""
PATIENCE = 3
"""Failures in a row after which a device is asked less and less often."""
LONGEST_PAUSE = 30.0
MOMENTS = 4
"""Devices with one interval and a line each are polled at so many moments of it: a processor that wakes for several at
once sleeps longer."""
MOMENT_EARLY = 1e-6
"""Part of the time between two moments that is rounding and no delay."""
REFUSED_PAUSE = 600.0
"""Seconds before a point that the device refuses is tried again."""
IDENTITY_SECONDS = 60.0
"""Who answers is asked again after so many seconds, even when nothing seems to have happened."""
SERIAL = "serial"
"""Name of the point, of role identity, that tells one device from another of its model."""

_UNKNOWN_POINT = frozenset({1, 2, 3})
_FAILURE = 4
"""What some devices answer in place of 2 when one of the addresses is unknown to them."""
_BUSY = frozenset({5, 6})
_NO_DEVICE_BEHIND_GATEWAY = frozenset({10, 11})
_MEANING = {
    1: "function not supported: check `area` in the profile",
    2: "no such address: check the profile",
    3: "request not allowed: check `max_read` in the profile",
    4: "the device reports a failure of its own",
    5: "busy",
    6: "busy",
    8: "the device reports an error of its memory",
    10: "the gateway has no path to unit {unit}: check its settings",
    11: "unit {unit} does not answer the gateway: check power, cable, unit id",
}

_log = logging.getLogger("sukusuku_edge.modbus")


def sources(edge: Edge, clock: Clock) -> Sequence["ModbusDevice"]:
    """Return a source for every Modbus device that is bound to something.

    Devices with one address share the line to it.
    """
    lines: dict[object, Line] = {}
    found = []
    uses = Counter(_address(device) for device in edge.settings.device)
    for device in edge.settings.device:
        profile = edge.profiles[device.id]
        wanted = {bound.point.name for bound in edge.bound if bound.device == device.id}
        if not isinstance(profile, ModbusProfile) or not wanted:
            continue
        address = _address(device)
        line = lines.get(address) or _line(edge, device)
        lines[address] = line
        points = tuple(point for point in profile.point if point.name in wanted)
        found.append(ModbusDevice(device, profile, points, line, clock, shared=uses[address] > 1))
    return found


def _address(device: Device) -> object:
    return device.bus or (device.host, device.port)


def _line(edge: Edge, device: Device) -> Line:
    """Return the line to a device, with what all devices on it need."""
    profiles = []
    pause = 0.0
    for other in edge.settings.device:
        profile = edge.profiles[other.id]
        if isinstance(profile, ModbusProfile) and (other.bus, other.host, other.port) == (
            device.bus,
            device.host,
            device.port,
        ):
            profiles.append(profile)
            own = other.connect_pause
            pause = max(pause, profile.defaults.connect_pause if own is None else own)
    bus = edge.buses.get(device.bus or "")
    if bus is None:
        return TcpLine(device.host or "", device.port, pause)
    longest = max(5 + 2 * item.defaults.max_read for item in profiles)
    return serial_line(bus, min(longest, LONGEST), pause)


class ModbusDevice:
    """Polls one device. `shared`: others wait for the same line, so that all had better not come at once."""

    def __init__(
        self,
        device: Device,
        profile: ModbusProfile,
        points: Sequence[ModbusPoint],
        line: Line,
        clock: Clock,
        *,
        shared: bool = False,
    ) -> None:
        self.name = device.id
        self._shared = shared
        self._device = device
        self._profile = profile
        self._line = line
        self._clock = clock
        self._where = line.name(device.unit)
        self._wanted = {point.name for point in points}
        identity = [point for point in profile.point if point.role is Role.IDENTITY]
        others = [point for point in points if point.role is not Role.IDENTITY]
        self._blocks = (*registers.plan(profile, identity), *registers.plan(profile, others))
        self._parked: dict[Block, float] = {}
        self._known: dict[Block, tuple[Sequence[int], dict[str, Decoded]]] = {}
        """What each block answered last, and what that means."""
        self._failed: dict[Block, int] = {}
        """How often in a row each block was answered with a failure of the device."""
        self._refused: set[str] = set()
        """The names of blocks that were refused last."""
        self._notes: list[Event] = []
        """What else this poll has to tell."""
        self._backoff = Backoff(2 * device.poll, max(device.poll, LONGEST_PAUSE), jitter=0.2)
        self._failures = 0
        self._busy = 0
        self._opening = 0
        self._identified = -IDENTITY_SECONDS
        """When who answers was last asked, by the loop's clock."""
        self._identity = ""
        self._answered = 0.0
        self._problems = TransitionLog(_log)

    async def run(self, emit: Emit) -> None:
        """Poll until cancelled."""
        loop = asyncio.get_running_loop()
        due = self._moment(loop.time() + random.random() * min(self._device.poll, SPREAD))
        try:
            while True:
                await asyncio.sleep(due - loop.time())
                for event in await self.poll():
                    await emit(event)
                rest = self._line.rest(self._device.timeout) if self._failures else 0.0
                due = self._moment(max(loop.time() + rest, due + self._pause()))
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the line; whoever needs it next opens it again."""
        self._line.close()

    async def poll(self) -> list[Event]:
        """Read all blocks once: one sample with one time, or one failure."""
        time = self._clock()
        self._notes = []
        values: dict[str, Decoded] = {}
        busy = self._busy
        try:
            identify = await self._must_identify()
            for block in self._due(identify=identify):
                values |= await self._values(block)
        except TransientError as error:
            self._failures += 1
            self._identified = -IDENTITY_SECONDS
            self._problems.problem(self.name, str(error))
            return [*self._notes, Failure(self.name, time, str(error))]
        self._failures = 0
        if self._busy > busy:
            self._busy = busy + 1
        else:
            self._busy = 0
            if identify:
                self._identified = asyncio.get_running_loop().time()
        self._problems.recovered(self.name, f"{self._where} answers again")
        serial = values.get(SERIAL)
        if serial is not None and serial.quality is Quality.GOOD:
            self._identity = str(serial.value)
        parked = {point.name: Decoded(None, Quality.BAD) for block in self._parked for point in block.points}
        found = {name: decoded for name, decoded in (parked | values).items() if name in self._wanted}
        return [*self._notes, Sample(self.name, time, found, self._identity)]

    # ------------------------------------------------------------ inside

    def _moment(self, time: float) -> float:
        """Return when to poll: at `time`, or soon after it together with other devices."""
        if self._shared:
            return time
        apart = self._device.poll / MOMENTS
        return math.ceil(time / apart - MOMENT_EARLY) * apart

    def _pause(self) -> float:
        late = max(self._failures - PATIENCE + 1, self._busy, 0)
        if late == 0:
            return self._device.poll
        return self._backoff.after(late)

    async def _must_identify(self) -> bool:
        opening = await self._line.ready(self._device.timeout)
        if opening != self._opening:
            self._opening, self._identified = opening, -IDENTITY_SECONDS
        return asyncio.get_running_loop().time() - self._identified >= IDENTITY_SECONDS

    def _due(self, *, identify: bool) -> list[Block]:
        now = asyncio.get_running_loop().time()
        self._parked = {block: until for block, until in self._parked.items() if until > now}
        return [block for block in self._blocks if block not in self._parked and (identify or not _identifies(block))]

    async def _values(self, block: Block) -> dict[str, Decoded]:
        try:
            words = await self._read(block)
        except Refused as refused:
            return await self._after_refusal(block, refused.code)
        self._clear(block)
        self._failed.pop(block, None)
        known = self._known.get(block)
        if known is not None and known[0] == words:
            return known[1]
        decoded = registers.decode_block(self._profile, block, words)
        self._known[block] = (words, decoded)
        return decoded

    def _reject(self, block: Block, text: str) -> None:
        about = _names(block)
        self._refused.add(about)
        self._notes.append(Rejected(self.name, self._clock(), text, about))
        self._problems.problem(f"{self.name} {about}", text)

    def _clear(self, block: Block) -> None:
        about = _names(block)
        if about in self._refused:
            self._refused.discard(about)
            self._notes.append(Cleared(self.name, self._clock(), about))
            self._problems.recovered(f"{self.name} {about}", "can be read again")

    async def _read(self, block: Block) -> Sequence[int]:
        loop = asyncio.get_running_loop()
        if self._profile.defaults.pause:
            await asyncio.sleep(max(0.0, self._answered + self._profile.defaults.pause - loop.time()))
        try:
            return await self._line.read(self._device.unit, block, self._device.timeout)
        finally:
            self._answered = loop.time()

    async def _after_refusal(self, block: Block, code: int) -> dict[str, Decoded]:
        """Return what can be said of a block that was answered with an exception code."""
        meaning = _MEANING.get(code, "an exception that is not in the standard's list").format(unit=self._device.unit)
        text = f"{self._where} refuses (exception {code}): {meaning}"
        if code in _NO_DEVICE_BEHIND_GATEWAY:
            raise TransientError(text)
        if code in _BUSY:
            self._busy += 1
            self._reject(block, text)
            return {}
        bad = {point.name: Decoded(None, Quality.BAD) for point in block.points}
        self._failed[block] = self._failed.get(block, 0) + 1 if code == _FAILURE else 0
        lasts = self._failed[block] >= PATIENCE and len(block.points) > 1
        if code not in _UNKNOWN_POINT and not lasts:
            self._reject(block, text)
            return bad
        if len(block.points) == 1:
            self._parked[block] = asyncio.get_running_loop().time() + REFUSED_PAUSE
            self._reject(block, f"{text}; not asked again for {REFUSED_PAUSE:g} s")
            return bad
        # One point that the device does not have must not hide its neighbours: ask for them one by one from now on.
        singles = tuple(single for point in block.points for single in registers.plan(self._profile, (point,)))
        at = self._blocks.index(block)
        self._blocks = (*self._blocks[:at], *singles, *self._blocks[at + 1 :])
        self._clear(block)
        values: dict[str, Decoded] = {}
        for single in singles:
            values |= await self._values(single)
        return values


def _identifies(block: Block) -> bool:
    return all(point.role is Role.IDENTITY for point in block.points)


def _names(block: Block) -> str:
    names = [point.name for point in block.points]
    return names[0] if len(names) == 1 else f"{names[0]}..{names[-1]}"
