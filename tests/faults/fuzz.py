"""F16: noise and damaged messages at every door. Nothing crashes, nothing hangs, memory stays small.

The Sparkplug decoder is also compared with the classes that protobuf's own compiler makes of the same file, run by
protobuf's other implementation (pure Python): both must read the same in every input.
"""

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sukusuku_core
from tests.faults.row import Outcome, Tier

ROOT = Path(__file__).parents[2]
CORE = Path(sukusuku_core.__file__).parent
TARGETS = ("sparkplug", "json", "modbus", "commands", "mail", "ingest", "topics")
SECONDS = {Tier.PR: 12.0, Tier.NIGHTLY: 600.0, Tier.RELEASE: 3600.0}
"""Per target."""
LANES = 2
MEMORY_MB = 256
PYTHON = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}


@dataclass(frozen=True, slots=True)
class Found:
    """What one fuzzer saw."""

    executions: int
    faults: list[str]


def fuzz(tier: Tier, rng: random.Random, seconds: float | None = None) -> Outcome:
    """F16."""
    each = seconds or SECONDS[tier]
    seed = rng.randrange(10**6)
    with ThreadPoolExecutor(LANES) as pool:
        jobs = {name: pool.submit(target, name, seed, each) for name in TARGETS}
        jobs["differential"] = pool.submit(differential, seed, each)
        found = {name: job.result() for name, job in jobs.items()}
    faults = [f"{name}, seed {seed}: {fault}" for name, one in found.items() for fault in one.faults]
    counts = ", ".join(f"{name} {one.executions:,}" for name, one in found.items())
    logging.getLogger("faults.F16").info("executions: %s", counts)
    executions = sum(one.executions for one in found.values())
    return Outcome(
        "F16",
        f"fuzz: noise and damage at {len(found)} doors",
        executions,
        executions,
        executions,
        0,
        0,
        passed=not faults,
        why="; ".join(faults[:5]),
    )


def target(name: str, seed: int, seconds: float) -> Found:
    """One fuzzer in a process of its own."""
    said = _worker([name, str(seed), str(seconds)], seconds)
    faults = list(said["crashes"])
    if said["memory_mb"] >= MEMORY_MB:
        faults.append(f"{said['memory_mb']} MB of memory, at most {MEMORY_MB} are allowed")
    if not said["executions"]:
        faults.append("nothing was tried")
    return Found(said["executions"], faults)


def differential(seed: int, seconds: float) -> Found:
    """Our decoder and protobuf's own, each in its process, over the same inputs."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{CORE}", f"--python_out={folder}", "sparkplug_b.proto"]
        subprocess.run(protoc, check=True, capture_output=True)
        ours, theirs = folder / "ours", folder / "theirs"
        run = ["fingerprints", str(seed), str(seconds / 2)]
        said = [
            _worker([*run, "--out", str(ours)], seconds),
            _worker([*run, "--out", str(theirs), "--generated", str(folder / "sparkplug_b_pb2.py")], seconds, PYTHON),
        ]
        pairs = list(zip(ours.read_text().split("\n")[:-1], theirs.read_text().split("\n")[:-1], strict=False))
    faults = [crash for one in said for crash in one["crashes"]]
    # Where bytes stand for a text (see `targets.fingerprint`) only one of them may have noticed it.
    different = [number for number, pair in enumerate(pairs) if pair[0] != pair[1] and "text" not in pair]
    if different:
        faults.append(f"{len(different)} inputs are read differently, first case {different[0]}: {pairs[different[0]]}")
    if not pairs:
        faults.append("nothing was compared")
    return Found(len(pairs), faults)


def _worker(arguments: list[str], seconds: float, environment: dict[str, str] | None = None) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.fuzzing.worker", *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=2 * seconds + 60,
        check=False,
    )
    if done.returncode != 0:
        return {"executions": 0, "crashes": [done.stderr[-1500:]], "memory_mb": 0}
    said: dict[str, Any] = json.loads(done.stdout)
    return said
