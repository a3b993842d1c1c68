"""A serial line to Modbus devices over pymodbus; the only file of the edge agent that knows it."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.framer import FramerType

from sukusuku_core import frames
from sukusuku_core.frames import Heard, Refused, Request
from sukusuku_core.profile import Area
from sukusuku_core.registers import Block
from sukusuku_edge.settings import SerialBus
from sukusuku_edge.sources.modbus_transport import ModbusLine

Client = AsyncModbusTcpClient | AsyncModbusSerialClient
Trace = Callable[[bool, bytes], bytes]
"""Sees every packet that pymodbus sends (true) or receives."""
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs every failure; we log the transitions


def gateway_client(host: str, port: int, trace: Trace) -> Client:
    """Return a client over TCP that is not connected yet and speaks as on a serial line."""
    return AsyncModbusTcpClient(
        host, port=port, framer=FramerType.RTU, timeout=3600, retries=0, reconnect_delay=0, trace_packet=trace
    )


def serial_client(bus: SerialBus, trace: Trace) -> Client:
    """Return a client over a serial port that is not open yet."""
    return AsyncModbusSerialClient(
        bus.port,
        baudrate=bus.baud,
        parity=bus.parity,
        stopbits=bus.stop_bits,
        timeout=3600,
        retries=0,
        reconnect_delay=0,
        trace_packet=trace,
    )


class PymodbusLine(ModbusLine[Client]):
    """A line on which pymodbus sees the whole fitting answer and nothing else."""

    def __init__(self, pause: float = 0.0) -> None:
        super().__init__(pause)
        self._request: Request | None = None
        self._unfit = ""

    @abstractmethod
    def _understood(self, request: Request, data: bytes) -> Heard:
        """Return what the bytes that came since the request mean."""

    async def _values(self, client: Client, unit: int, block: Block) -> Sequence[int]:
        ask: Callable[..., Any] = {
            Area.COIL: client.read_coils,
            Area.DISCRETE: client.read_discrete_inputs,
            Area.HOLDING: client.read_holding_registers,
            Area.INPUT: client.read_input_registers,
        }[block.area]
        self._request, self._unfit = Request(unit, frames.READ[block.area], block.count), ""
        try:
            answer = await ask(block.start, count=block.count, device_id=unit)
        finally:
            self._request = None
        if answer.isError():
            raise Refused(answer.exception_code)
        values: Sequence[int] = answer.bits[: block.count] if block.area.of_bits else answer.registers
        return values

    def _wrong(self, client: Client) -> str:  # noqa: ARG002 - part of the base
        return self._unfit

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - pymodbus prescribes the signature
        if self._request is None:
            return data if sending else b""
        if sending:
            self._request = replace(self._request, transaction=int.from_bytes(data[:2], "big"))
            return data
        heard = self._understood(self._request, data)
        self._unfit = heard.wrong or self._unfit
        return heard.frame
