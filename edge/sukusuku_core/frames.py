"""Modbus frames: what one read request may be answered with, on a serial line (RTU) and over TCP. Pure.

An answer counts only when all of it fits the request: unit, function, number of values, and the checksum (RTU) or the
transaction (TCP). On a serial line nothing else tells a late answer from a timely one.
"""

from dataclasses import dataclass

from sukusuku_core.profile import Area

READ = {Area.COIL: 1, Area.DISCRETE: 2, Area.HOLDING: 3, Area.INPUT: 4}
"""The function code that reads a table."""
LONGEST = 256
"""Bytes of the longest frame on a serial line."""
_SHORTEST = 5
"""Bytes of an exception on a serial line."""
_EXCEPTION = 0x80
_HEADER = 6
"""Bytes of a TCP frame before the unit: transaction, protocol, length."""


def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        found.append(crc)
    return tuple(found)


_CRC = _table()


def checksum(data: bytes) -> bytes:
    """Return the two bytes that end a frame on a serial line."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Request:
    """A read request that waits for its answer. `transaction` is for TCP only."""

    unit: int
    function: int
    count: int
    transaction: int = 0

    @property
    def payload(self) -> int:
        """Bytes of values in the answer."""
        return (self.count + 7) // 8 if self.function in {1, 2} else 2 * self.count

    @property
    def length(self) -> int:
        """Bytes of the whole answer on a serial line."""
        return self.payload + _SHORTEST


@dataclass(frozen=True, slots=True)
class Heard:
    """What bytes mean for a request: its answer, or what is wrong with them; neither when more is to come."""

    frame: bytes = b""
    wrong: str = ""


def from_serial(request: Request, data: bytes) -> Heard:
    """Return the answer among the bytes that came since the request was sent.

    Noise before and after it is passed over.
    """
    heads = (
        (bytes((request.unit, request.function, request.payload)), request.length),
        (bytes((request.unit, request.function | _EXCEPTION)), _SHORTEST),
    )
    damaged = False
    for head, length in heads:
        at = data.find(head)
        while at >= 0:
            frame = data[at : at + length]
            if len(frame) == length:
                if checksum(frame[:-2]) == frame[-2:]:
                    return Heard(frame)
                damaged = True
            at = data.find(head, at + 1)
    if damaged:
        return Heard(wrong="a frame with a wrong checksum: noise on the line, missing end resistors or wrong parity")
    return Heard(wrong=_of_others(request, data))


def _of_others(request: Request, data: bytes) -> str:
    if len(data) < _SHORTEST or checksum(data[:-2]) != data[-2:]:
        return ""
    if data[0] != request.unit:
        return _of_unit(request, data[0])
    return _unfit(request, data[1], len(data) - _SHORTEST)


def from_tcp(request: Request, data: bytes) -> Heard:
    """Return the answer at the begin of what came since the request was sent. Nothing may stand before it."""
    if len(data) < _HEADER + 3:
        return Heard()
    length = int.from_bytes(data[4:6], "big") + _HEADER
    function = data[7]
    wrong = ""
    if data[2:4] != b"\0\0" or not _HEADER + 3 <= length <= LONGEST + 4:
        wrong = "something that is not Modbus TCP"
    elif int.from_bytes(data[:2], "big") != request.transaction:
        wrong = (
            f"a frame of another request (transaction id {int.from_bytes(data[:2], 'big')} where "
            f"{request.transaction} was sent): does it answer several masters, or always with one id?"
        )
    elif data[6] != request.unit:
        wrong = f"{_of_unit(request, data[6])}: is `unit` right? Some devices know one only, often 1, 0 or 255"
    elif function == request.function | _EXCEPTION:
        length = _HEADER + 3
    elif function != request.function or data[8] != request.payload or length != _HEADER + 3 + request.payload:
        wrong = _unfit(request, function, length - _HEADER - 3)
    if wrong:
        return Heard(wrong=wrong)
    return Heard(data[:length]) if len(data) >= length else Heard()


def _of_unit(request: Request, unit: int) -> str:
    return f"a frame of unit {unit} where unit {request.unit} was asked"


def _unfit(request: Request, function: int, payload: int) -> str:
    return (
        f"{payload} bytes of function {function} where {request.payload} bytes of function {request.function} "
        "were asked for"
    )
