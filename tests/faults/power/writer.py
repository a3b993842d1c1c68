"""A process that writes step after step and says so: `python -m tests.faults.power.writer` (`--help`)."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sukusuku_core.errors import ConfigError, SukusukuError, TransientError
from tests.faults.power.subjects import NAMES, Subject, rng_of, subject

TRIES = 5
PAUSE = 0.01


def main() -> int:
    """Exit status as of our programs: 0 all done, 1 cannot run, 2 wrong settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subject", choices=NAMES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("steps", type=int)
    parser.add_argument("--first", type=int, default=0, help="how many steps were done before; default: 0")
    parser.add_argument("--reopen", type=int, default=10**9, help="close and open again after so many steps")
    parser.add_argument("--careless", action="store_true", help="do not wait for the disk")
    arguments = parser.parse_args()
    try:
        write(arguments)
    except SukusukuError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, ConfigError) else 1
    return 0


def write(arguments: argparse.Namespace) -> None:
    """All steps, each announced once it is committed."""
    file = open_(arguments)
    try:
        for step in range(arguments.first, arguments.first + arguments.steps):
            if step and step % arguments.reopen == 0:
                file.close()
                file = open_(arguments)
            again(file.step, arguments.seed, step)
            os.write(1, b"%d\n" % (step + 1))
    finally:
        file.close()


def open_(arguments: argparse.Namespace) -> Subject:
    """As the program does."""
    file = subject(arguments.subject, arguments.folder)
    file.open()
    if arguments.careless:
        file.careless()
    return file


def again(step: Callable[..., None], seed: int, number: int) -> None:
    """As the programs do: what failed in passing is tried again."""
    for _ in range(TRIES - 1):
        try:
            step(rng_of(seed, number))
        except TransientError as error:
            sys.stderr.write(f"trying again: {error}\n")
            time.sleep(PAUSE)
        else:
            return
    step(rng_of(seed, number))


if __name__ == "__main__":
    sys.exit(main())
