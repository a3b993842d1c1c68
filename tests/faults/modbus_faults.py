"""F13: devices and gateways that answer wrongly. No value of a wrong answer may ever become a reading.

Every wrong answer that carries values carries ones that the boards never show, so that they are recognised anywhere.
The serial line's check sums have their own tests beside the RTU source.
"""

import asyncio
import itertools
import logging
import random
import struct
import time
from collections.abc import Iterator, Sequence

from sukusuku_core import profile, registers
from sukusuku_core.model import Value
from sukusuku_core.profile import ModbusProfile
from tests.faults.board import AREAS, PROFILE, Board, Fault, Request, Step, frame
from tests.faults.files import POINTS
from tests.faults.judge import read_accepted
from tests.faults.outcome import finish
from tests.faults.rig import Plan, Rig, rig
from tests.faults.row import Outcome, Tier

TIMES = {Tier.PR: 20, Tier.NIGHTLY: 500, Tier.RELEASE: 2_000}
"""Faults of each kind."""
TIMEOUT = 0.4
SETTLED = 6
"""Requests that are answered rightly between two faults."""
PATIENCE = 30.0
"""Seconds in which a device must be asked again after a fault."""
RECOVERY_P99 = 10.0
POISON: dict[str, Value | None] = {
    "fill_percent": 111.1,
    "distance": 6_666,
    "cycle_counter": 0xDEADBEEF,
    "state": 7,
    "fault_code": 66,
    "film_remaining": 3.3,
    "motor_power": 6_666,
    "temperature": 66.6,
    "serial": "POISON",
    "firmware": "POISON",
}
"""What no board of the rig ever shows. A contact has no value of that kind."""
POISONED = {(metric, POISON[point]) for metric, point in POINTS.items() if point in POISON}
EXCEPTIONS = itertools.cycle((4, 5, 6, 7, 8, 9, 10, 11))
REFUSALS = itertools.cycle((1, 2, 3))

_log = logging.getLogger("faults.F13")


def poisoned(request: Request, **lies: int) -> bytes:
    """An answer of the right form with values that are not the board's."""
    found = profile.find(PROFILE)
    assert isinstance(found, ModbusProfile)
    area = AREAS[request.function]
    words = registers.image(found, POISON).get(area, {})
    values = [words.get(at, 0) for at in range(request.start, request.start + request.count)]
    if area.of_bits:
        return frame(request, bytes([request.function, 1, 0]), **lies)
    return frame(request, struct.pack(f">BB{len(values)}H", request.function, 2 * len(values), *values), **lies)


def _other_function(request: Request, right: bytes) -> Sequence[Step]:
    bad = bytearray(poisoned(request))
    bad[7] = 7 - bad[7] if bad[7] in {3, 4} else 1
    return [bytes(bad)]


def _wrong_count(request: Request, right: bytes) -> Sequence[Step]:
    bad = bytearray(poisoned(request))
    bad[8] = (bad[8] + 2) % 256
    return [bytes(bad)]


def _short(request: Request, right: bytes) -> Sequence[Step]:
    """A whole frame with fewer values than were asked for."""
    return [frame(request, bytes([request.function, 2, 0xDE, 0xAD]))]


def _wrong_protocol(request: Request, right: bytes) -> Sequence[Step]:
    bad = poisoned(request)
    return [bad[:2] + b"\x66\x66" + bad[4:]]


def _split(request: Request, right: bytes) -> Sequence[Step]:
    """A right answer, byte by byte."""
    return [step for byte in right for step in (bytes([byte]), 0.002)]


def _exception(request: Request, right: bytes) -> Sequence[Step]:
    return [frame(request, bytes([request.function | 0x80, next(EXCEPTIONS)]))]


def _refusal(request: Request, right: bytes) -> Sequence[Step]:
    return [frame(request, bytes([request.function | 0x80, next(REFUSALS)]))]


KINDS: dict[str, Fault] = {
    "wrong transaction": lambda request, _: [poisoned(request, transaction=(request.transaction - 1) % 65_536)],
    "wrong unit": lambda request, _: [poisoned(request, unit=request.unit + 1)],
    "wrong function": _other_function,
    "wrong protocol": _wrong_protocol,
    "wrong byte count": _wrong_count,
    "too few values": _short,
    "exception 4-11": _exception,
    "late answer": lambda request, _: [1.5 * TIMEOUT, poisoned(request)],
    "split answer": _split,
    "garbage": lambda _, right: [random.Random(right).randbytes(40)],
    "silent gateway": lambda *_: [3 * TIMEOUT],
    "closed in the middle": lambda _, right: [right[: len(right) // 2], None],
    "doubled answer": lambda request, right: [right + poisoned(request)],
}
REFUSED = "refused points, exception 1-3"
"""One more kind: rightly, the agent then leaves the point alone for minutes, so it comes only once for each code."""


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(mislead(TIMES[tier], chance))


async def mislead(times: int, chance: random.Random) -> Outcome:
    """Every kind so many times, each on a device of its own, side by side."""
    recovery: list[float] = []
    async with rig(Plan(units=len(KINDS) + 1, poll=0.1, timeout=TIMEOUT)) as it:
        await it.start()
        *boards, last = it.boards.values()
        jobs = [_inject(board, fault, times, chance) for board, fault in zip(boards, KINDS.values(), strict=True)]
        found = await asyncio.gather(*jobs, _refuse(last))
        injected = 3 + sum(len(seconds) for seconds in found[:-1] if seconds is not None)
        for kind, seconds in zip(KINDS, found, strict=False):
            _log.info("%s: %d times", kind, len(seconds or []))
            recovery += seconds or []
        verdict = await it.settle()
        faults = [*_attributed(it), *_states(it)]
    return finish("F13", "wrong answers over Modbus TCP", injected, verdict, recovery, RECOVERY_P99, faults[:5])


async def _inject(board: Board, fault: Fault, times: int, chance: random.Random) -> list[float]:
    """Seconds from each fault until the device has been read again."""
    found = []
    for _ in range(times):
        fired = asyncio.Event()
        board.fault = _once(board, fault, fired, skip=chance.randrange(4))
        async with asyncio.timeout(PATIENCE):
            await fired.wait()
        begin = time.monotonic()
        await _asked(board, SETTLED)
        found.append(time.monotonic() - begin)
    return found


async def _refuse(board: Board) -> None:
    for _ in range(3):
        fired = asyncio.Event()
        board.fault = _once(board, _refusal, fired, skip=0)
        async with asyncio.timeout(PATIENCE):
            await fired.wait()
        await _asked(board, SETTLED)


def _once(board: Board, fault: Fault, fired: asyncio.Event, *, skip: int) -> Fault:
    left = skip

    def harm(request: Request, right: bytes) -> Sequence[Step]:
        nonlocal left
        left -= 1
        if left >= 0:
            return [right]
        board.fault = None
        fired.set()
        return fault(request, right)

    return harm


async def _asked(board: Board, count: int) -> None:
    """Until so many further requests have come. A board has no event for that, and they come ten times a second."""
    target, deadline = board.requests + count, time.monotonic() + PATIENCE
    while board.requests < target:
        if time.monotonic() > deadline:
            raise AssertionError("a device was not asked again after a fault")
        await asyncio.sleep(0.02)


def _attributed(it: Rig) -> Iterator[str]:
    """Wrong values that became readings."""
    for moment, value in read_accepted(it.logs[0]):
        if (moment[1], value) in POISONED:
            yield f"{moment[0]} {moment[1]} at {moment[2]}: {value!r} of a wrong answer became a reading"


def _states(it: Rig) -> Iterator[str]:
    """In the end every device is up, as far as the agent knows."""
    down = [value for moment, value in read_accepted(it.logs[0]) if moment[1] == "Devices/Down"]
    if not down or down[-1] != 0:
        yield f"at the end {down[-1:] or 'nothing'} devices count as down"
