"""Seconds until another collector is ready, whatever comes upon the one that holds the lease.

`python -m bench.takeover` starts PostgreSQL, Mosquitto and five collectors that follow each other, with the usual term
and load from two edge nodes. It fails when not everything is stored once, or an alert is not mailed once.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.collector.succession import TAKES_OVER, Succession
from tests.support.broker import mosquitto
from tests.support.postgres import postgres

from bench.results import at_most, conclude
from sukusuku_server.settings.operations import OperationsSettings


def main() -> int:
    """Print a line for each fault; return 1 when the promise is missed."""
    with postgres(unsafe=False) as server, mosquitto() as broker, tempfile.TemporaryDirectory() as folder:
        succession = Succession(broker, server)

        async def play() -> None:
            term = OperationsSettings().lease_seconds
            await succession.play(Path(folder), term)

        asyncio.run(play())
    return conclude(at_most(f"the holder is {fault}", seconds, TAKES_OVER, "s") for fault, seconds in succession.took)


if __name__ == "__main__":
    sys.exit(main())
