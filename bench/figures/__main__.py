"""`python -m bench.figures`: figures against the truth of simulated months; fails when a goal is missed.

Each seed is a simulated time of its own; each of its rooms and units is judged. The table has the worst of all. What
has been judged is kept in a folder: `--resume` continues after a cut. `--write` puts the table into docs/figures.md.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

from bench.figures import goals, measured, page
from bench.figures.measured import Found
from bench.figures.parts import PARTS, Part, judged
from bench.results import Line, conclude

FOLDER = Path("build/figures")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table. Return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.figures", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=goals.SEEDS, metavar="SEED", help="%(default)s")
    parser.add_argument("--months", type=int, default=goals.MONTHS, metavar="N", help="how long each time is")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many processes work at a time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results are kept; %(default)s")
    parser.add_argument("--resume", action="store_true", help="take results that are kept there")
    parser.add_argument("--write", action="store_true", help="write docs/figures.md")
    asked = parser.parse_args(argv)
    parts = [Part(seed, name, _last(asked.months)) for seed in asked.seeds for name in PARTS]
    asked.folder.mkdir(parents=True, exist_ok=True)
    if not asked.resume:
        for part in parts:
            part.file(asked.folder).unlink(missing_ok=True)
    found = [line for lines in _all(parts, asked.folder, asked.jobs) for line in lines]
    worst = measured.worst(found)
    if asked.write:
        seeds = " ".join(map(str, asked.seeds))
        command = f"python -m bench.figures --seeds {seeds} --months {asked.months}"
        measured.write(worst, command, asked.months, asked.seeds)
        page.PAGE.write_text(page.page(), encoding="utf-8")
    return conclude(
        Line(
            item.goal.name,
            item.told,
            f"<= {item.goal.most:g} {item.goal.unit}".rstrip(),
            not item.missed,
            f"{item.where}, seed {item.seed}",
        )
        for item in worst
    )


def _all(parts: Sequence[Part], folder: Path, jobs: int) -> Iterator[list[Found]]:
    """Yield the figures of each part as it is done, and keep them."""
    missing = []
    for part in parts:
        if part.file(folder).exists():
            yield [Found(**item) for item in json.loads(part.file(folder).read_text(encoding="utf-8"))]
        else:
            missing.append(part)
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(judged, part): part for part in missing}
        for n, future in enumerate(as_completed(running), 1):
            part, found = running[future], future.result()
            part.file(folder).write_text(json.dumps([asdict(item) for item in found]), encoding="utf-8")
            told = ", ".join(f"{item.where} {item.name} {item.off:.2f}" for item in found)
            print(f"{n} of {len(missing)}: seed {part.seed}, {part.name}: {told}", flush=True)
            yield found


def _last(months: int) -> date:
    last = goals.FIRST
    for _ in range(months):
        last = (last.replace(day=28) + timedelta(days=4)).replace(day=1)
    return last


if __name__ == "__main__":
    sys.exit(main())
