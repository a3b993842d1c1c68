"""`python -m tests.faults`: inject every fault of the matrix into the real programs and count what was lost.

故障表を実行し、失われた計測値を数えます。
"""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.faults.row import Tier
from tests.faults.rows import ROWS
from tests.faults.runner import listen, run
from tests.faults.table import Report, figures, render

MINUTES = {Tier.PR: 60.0, Tier.NIGHTLY: 240.0, Tier.RELEASE: 24 * 60.0}
"""Until the run hangs. Two cores of their own take 6 minutes for the first tier; a busy machine may take its time."""
LANES = 3
"""Rows at a time: most of them wait most of the time."""


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


if __name__ == "__main__":
    listen()
    os.chdir(Path(__file__).parents[2])
    sys.exit(main())
