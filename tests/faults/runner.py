"""Rows side by side, each in a process of its own, and none longer than the run may take."""

import logging
import multiprocessing
import random
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from types import FrameType

from tests.faults.row import Outcome, Tier
from tests.faults.rows import ROWS

AGAIN_SECONDS = 1.0
"""What is raised while rubbish is collected is ignored, so that a row is told more than once that its time is over."""


class TimeUpError(Exception):
    """The time of the run is over."""


def run(chosen: Sequence[str], tier: Tier, seed: int, deadline: float, lanes: int) -> list[Outcome]:
    """The rows, each in a process of its own."""
    outcomes = []
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(lanes, spawn, initializer=listen, max_tasks_per_child=1) as pool:
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
    signal.setitimer(signal.ITIMER_REAL, max(0.001, deadline - time.time()), AGAIN_SECONDS)
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


def listen() -> None:
    """Progress on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
