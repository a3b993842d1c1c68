"""F5: the disk runs full, stays so for a while, and is made free again.

Each scenario is a process of its own in a mount namespace of its own, where a small file system in memory is the disk;
it is gone with the process: `python -m tests.faults.full_disk SCENARIO FOLDER SEED ROUNDS`.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.faults.power.fullness import SCENARIOS, Tally
from tests.faults.row import Outcome, Tier

ROOT = Path(__file__).parents[2]
DISK = 12 * 1024 * 1024
ROUNDS = {Tier.PR: 5, Tier.NIGHTLY: 50, Tier.RELEASE: 100}
SECONDS = 900


def full_disk(tier: Tier, rng: random.Random, rounds: int | None = None) -> Outcome:
    """F5."""
    total = Tally()
    for name in SCENARIOS:
        tally = scenario(name, rng.randrange(10**6), rounds or ROUNDS[tier])
        for key, value in asdict(tally).items():
            setattr(total, key, getattr(total, key) + value)
        if not tally.full or not tally.refused:
            total.faults.append(f"{name}: the disk was never full, so nothing was tested")
    return Outcome(
        "F5",
        f"disk full, then freed ({total.refused} commits refused)",
        total.full,
        total.accepted,
        total.accepted - total.lost,
        total.lost,
        total.duplicates,
        passed=not (total.faults or total.lost or total.duplicates),
        why="; ".join(total.faults[:5]),
    )


def scenario(name: str, seed: int, rounds: int) -> Tally:
    """One scenario in its own namespace: as root, or as an ordinary user who may have one."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["unshare", "-m" if os.geteuid() == 0 else "-Urm", sys.executable, "-m", "tests.faults.full_disk"]
        done = subprocess.run(
            [*command, name, folder, str(seed), str(rounds)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    if done.returncode != 0:
        return Tally(faults=[f"{name}, seed {seed}: {done.stderr[-1500:]}"])
    return Tally(**json.loads(done.stdout))


def main() -> int:
    """Runs in the namespace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("rounds", type=int)
    arguments = parser.parse_args()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "disk", str(arguments.folder)], check=True)
    tally = Tally()
    disk = SCENARIOS[arguments.scenario](arguments.folder, random.Random(arguments.seed), tally)
    for _ in range(arguments.rounds):
        disk.round()
    sys.stdout.write(json.dumps(asdict(tally)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
