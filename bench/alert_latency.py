"""How long it takes from a fault in a register until a mail server has taken the mail about it.

    python -m bench.alert_latency [--faults 50]

A real edge agent polls fifty boards every second, with a real broker, collector and SMTP server in between; nothing
waits on purpose (`fault_for` and `gather_for` are 0). Beside it, on the same boards in the same run, somebody polls the
fault register every second and mails what has changed at once, as one writes it first: of its delay half a second is
the polling. Faults come one after the other at random moments. Takes two minutes; exits with 1 when a goal is missed.
"""

import argparse
import asyncio
import contextlib
import random
import smtplib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient
from tests.faults.board import Board
from tests.support.broker import mosquitto
from tests.support.smtp_server import Mailbox

from bench.modbus import edge_settings, facility, process
from bench.results import Line, at_most, conclude
from sukusuku_core.model import FaultCode

P50_GOAL, P99_GOAL = 1.5, 2.5
FAULT_REGISTER = 5
PAUSE = 1.5
"""Seconds between two faults at least; up to a second more."""
PATIENCE = 60.0
MAILS = """
[web]
url = "https://example.jp"
[mail]
port = {port}
sender = "sukusuku@example.jp"
[alerts]
fault_for = 0
gather_for = 0
mails_per_day = 100
urgent = ["unit_fault"]
[[contact]]
name = "bench"
mail = "bench@example.jp"
"""


@dataclass
class Arrivals(Mailbox):
    """An SMTP server that knows when it has taken each mail."""

    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    async def until_tries(self, count: int) -> None:
        """See Mailbox; notes when that was."""
        await super().until_tries(count)
        self.times.append(time.monotonic())


@contextlib.asynccontextmanager
async def mailing_at_once(boards: Sequence[Board], port: int) -> AsyncIterator[None]:
    """Provide somebody who polls every second and mails what has changed."""
    tasks = [asyncio.create_task(_watch(board, port)) for board in boards]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(board: Board, port: int) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=board.port)
    await client.connect()
    await asyncio.sleep(random.random())
    before = 0
    try:
        while True:
            (code,) = (await client.read_input_registers(FAULT_REGISTER, count=1, device_id=1)).registers
            if code and code != before:
                await asyncio.to_thread(_mail, port, code)
            before = code
            await asyncio.sleep(1)
    finally:
        client.close()


def _mail(port: int, code: int) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "naive@example.jp", "bench@example.jp", f"fault {code}"
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(mail)


async def measure(folder: Path, faults: int) -> tuple[list[float], list[float]]:
    """Return the seconds from each fault to its mail, ours and those of somebody who mails at once."""
    ours, others = Arrivals(), Arrivals()
    async with contextlib.AsyncExitStack() as running:
        broker = running.enter_context(mosquitto())
        boards = [await running.enter_async_context(Board()) for _ in range(faults)]
        running.push_async_callback(asyncio.sleep, 0.2)  # boards see that their readers are gone
        for number, board in enumerate(boards):
            board.values["serial"] = f"SKB-{number:04}"
        mail_port = await running.enter_async_context(ours.open())
        other_port = await running.enter_async_context(others.open())
        (folder / "facility.toml").write_text(facility(broker, faults) + MAILS.format(port=mail_port), encoding="utf-8")
        (folder / "edge.toml").write_text(edge_settings([board.port for board in boards], broker), encoding="utf-8")
        for name, *call in (("collector", "facility.toml"), ("edge", "run", "edge.toml")):
            program = process(folder, name, f"sukusuku_{name}", *call)
            await asyncio.to_thread(program.__enter__)
            running.push_async_callback(asyncio.to_thread, program.__exit__, None, None, None)
        await running.enter_async_context(mailing_at_once(boards, other_port))
        await asyncio.sleep(10)
        begun = [await _fault(number, boards, (ours, others)) for number in range(faults)]
    return tuple([at - since for at, since in zip(it.times, begun, strict=True)] for it in (ours, others))  # type: ignore[return-value]


async def _fault(number: int, boards: Sequence[Board], mailboxes: Sequence[Arrivals]) -> float:
    """Have a board show a fault; return when that was, once both mails have been taken."""
    await asyncio.sleep(PAUSE + random.random())
    boards[number].values["fault_code"] = int(FaultCode.JAM)
    begun = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(box.until_tries(number + 1) for box in mailboxes))
    return begun


def lines(ours: Sequence[float], others: Sequence[float]) -> list[Line]:
    """Return the figures, with their goals."""
    (p50, p99), (other50, other99) = (
        (statistics.median(it), statistics.quantiles(it, n=100)[98]) for it in (ours, others)
    )
    about = f"register to SMTP accept, {len(ours)} faults, polled every second"
    return [
        at_most(f"{about}: p50", p50, P50_GOAL, "s", f"mailed at once by a poller {other50:.2f} s"),
        at_most(f"{about}: p99", p99, P99_GOAL, "s", f"{other99:.2f} s"),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=50, help="and boards; 60 at most")
    faults = parser.parse_args(argv).faults
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        ours, others = asyncio.run(measure(Path(name), faults))
    print(f"ours {min(ours):.2f} to {max(ours):.2f} s, at once {min(others):.2f} to {max(others):.2f} s")
    return conclude(lines(ours, others))


if __name__ == "__main__":
    sys.exit(main())
