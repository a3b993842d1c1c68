"""`python -m tests.faults`: inject every fault of the matrix into the real programs and count what was lost.

故障表を実行し、失われた測定値を数えます。
"""

import argparse
import logging
import multiprocessing
import os
import random
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from types import FrameType

from tests.faults.row import Outcome, Tier
from tests.faults.rows import ROWS
from tests.faults.table import Report, figures, render

MINUTES = {Tier.PR: 15.0, Tier.NIGHTLY: 80.0, Tier.RELEASE: 24 * 60.0}
LANES = 3
"""Rows at a time: most of them wait most of the time."""


class TimeUpError(Exception):
    """The time of the run is over."""


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every row passed, 1 when not, 2 when the arguments are wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--tier", type=Tier, choices=list(Tier), default=Tier.PR, help="how much is done; default: pr")
    parser.add_argument("--row", metavar="F1,F6", help=f"only these rows; there are {', '.join(ROWS)}")
    parser.add_argument("--seed", type=int, help="the seed of an earlier run, to see it again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    parser.add_argument("--lanes", type=int, default=LANES, help=f"rows at a time; default: {LANES}")
    parser.add_argument("--minutes", type=float, help="the run ends by then, and rows that have not ended have failed")
    arguments = parser.parse_args(argv)
    chosen = arguments.row.split(",") if arguments.row else list(ROWS)
    if unknown := [name for name in chosen if name not in ROWS]:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, tier {arguments.tier}, {len(chosen)} rows", flush=True)
    begin = time.time()
    deadline = begin + 60 * (arguments.minutes or MINUTES[arguments.tier])
    outcomes = run(chosen, arguments.tier, seed, deadline, arguments.lanes)
    report = Report(arguments.tier, seed, time.time() - begin, outcomes)
    print(f"\n{render(report)}", flush=True)
    if arguments.json:
        arguments.json.write_text(figures(report), encoding="utf-8")
    return 0 if report.passed else 1


def run(chosen: Sequence[str], tier: Tier, seed: int, deadline: float, lanes: int) -> list[Outcome]:
    """The rows, each in a process of its own."""
    outcomes = []
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(lanes, spawn, initializer=_listen, max_tasks_per_child=1) as pool:
        running: dict[Future[Outcome], str] = {
            pool.submit(attempt, name, tier, seed, deadline): name for name in chosen
        }
        for done in as_completed(running):
            outcome = done.result()
            outcomes.append(outcome)
            logging.getLogger("faults").info("%s %s", outcome.fault, "passed" if outcome.passed else "FAILED")
    return outcomes


def attempt(name: str, tier: Tier, seed: int, deadline: float) -> Outcome:
    """One row, whatever happens in it: it ends by the deadline, and what it raises is a failure in words."""
    log = logging.getLogger(f"faults.{name}")
    log.info("begins")
    signal.signal(signal.SIGALRM, _time_up)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, deadline - time.time()))
    try:
        return ROWS[name](tier, random.Random(f"{seed}-{name}"))
    except Exception:  # noqa: BLE001 - the supervising place of this program
        log.info("fails:\n%s", traceback.format_exc())
        last = traceback.format_exc(limit=-3)[-3000:]
        return Outcome(name, "did not come to an end", 0, 0, 0, 0, 0, passed=False, why=last)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        log.info("ends")


def _time_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeUpError("the time of the run is over")


def _listen() -> None:
    """Progress on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    _listen()
    os.chdir(Path(__file__).parents[2])
    sys.exit(main())
