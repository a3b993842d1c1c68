"""`make cluster`: lose each part of the cluster of the demo while it works, and count what is lost with it.

クラスタの各部を止め、欠落・重複・停止時間を測ります。
"""

import argparse
import asyncio
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sukusuku_core.errors import ConfigError
from sukusuku_demo.cluster import programs
from sukusuku_demo.cluster.servers import Cluster
from sukusuku_demo.progress import Progress
from sukusuku_demo.service import Demo
from sukusuku_demo.settings import DemoSettings
from tests.cluster.faults import FAULTS, Fault
from tests.cluster.stage import Stage
from tests.cluster.watch import Watch

CLONE_NEWNET = 0x40000000
RECOVERS = 240.0
"""Seconds within which everything must be there again."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a fault came to; all in seconds."""

    fault: Fault
    whom: str
    unanswered: float
    age: float
    whole: float

    @property
    def passed(self) -> bool:
        return self.age <= self.fault.promised

    def __str__(self) -> str:
        said = "passed" if self.passed else f"FAILED: promised are {self.fault.promised:g} s"
        return (
            f"{self.fault.name:64}  {self.whom:12}{self.unanswered:8.1f} s{self.age:8.1f} s{self.whole:8.1f} s  {said}"
        )


async def played(demo: Demo, faults: Sequence[Fault], say: Progress) -> list[Row]:
    """Do the faults, each once the cluster is whole again."""
    await demo.lives.wait()
    servers = demo.servers
    assert isinstance(servers, Cluster)
    watch = Watch({name: f"http://127.0.0.1:{port}" for name, port in servers.webs.items()})
    stage = Stage(servers, demo.processes, watch)
    looking = asyncio.create_task(watch.run())
    rows = []
    try:
        await _whole(stage, looking)
        for fault in faults:
            watch.begin()
            begun = time.monotonic()
            say.step(f"fault: {fault.name}")
            whom = await fault.injected(stage)
            await _whole(stage, looking)
            rows.append(Row(fault, whom, watch.unanswered, watch.age, time.monotonic() - begun))
            say.step(str(rows[-1]))
    finally:
        looking.cancel()
    return rows


async def _whole(stage: Stage, looking: asyncio.Task[NoReturn]) -> None:
    """Wait until nothing has been missing for some looks in a row."""
    said = ""
    good = 0
    try:
        async with asyncio.timeout(RECOVERS):
            while good < 5:
                await asyncio.sleep(1)
                if looking.done():
                    looking.result()
                said = await asyncio.to_thread(stage.whole)
                good = 0 if said else good + 1
    except TimeoutError:
        raise AssertionError(f"not whole again after {RECOVERS:g} s: {said}") from None


async def run(folder: Path, faults: Sequence[Fault]) -> bool:
    """Return whether everything was survived."""
    say, ended = Progress(), asyncio.Event()
    demo = Demo(DemoSettings(folder, weeks=0, reports=True, cluster=True), say)
    living = asyncio.create_task(demo.run(ended))
    playing = asyncio.create_task(played(demo, faults, say))
    try:
        await asyncio.wait({living, playing}, return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            playing.cancel()
        else:
            playing.result()
        ended.set()
        report = await living
    finally:
        living.cancel()
        await asyncio.gather(living, playing, return_exceptions=True)
    rows = playing.result()
    twice = [mail for mail, count in Counter(demo.mails).items() if count > 1]
    assert report is not None
    print(f"\n{'what':64}  {'whom':12}{'no answer':>10}{'readings':>10}{'whole':>10}")
    print("\n".join(map(str, rows)))
    print(f"\n{report}\nmails twice {len(twice)}")
    return report.whole and not twice and all(row.passed for row in rows)


def main(argv: Sequence[str] | None = None) -> int:
    """0 when everything was survived, 1 when not, 2 when a program is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--only", metavar="PATTERN", help="only faults in whose name this regular expression is found")
    parser.add_argument("--folder", type=Path, help="keep settings, databases and logs here")
    chosen = parser.parse_args(argv)
    try:
        programs.find()
    except ConfigError as error:
        print(f"make cluster: {error}", file=sys.stderr)
        return 2
    faults = [fault for fault in FAULTS if re.search(chosen.only or "", fault.name)]
    alone = os.geteuid() == 0 and all(map(shutil.which, ("ip", "nft")))
    if alone:  # a network of our own: free ports, and rules that concern nobody else
        alone = ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for fault in [fault for fault in faults if fault.rules and not alone]:
        print(f"left out, it needs root, iproute2 and nft: {fault.name}", file=sys.stderr)
        faults.remove(fault)
    with tempfile.TemporaryDirectory(prefix="sukusuku-cluster-") as temporary:
        return 0 if asyncio.run(run(chosen.folder or Path(temporary), faults)) else 1


if __name__ == "__main__":
    sys.exit(main())
