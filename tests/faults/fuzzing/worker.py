"""One fuzzer as a process: `python -m tests.faults.fuzzing.worker TARGET SEED SECONDS`; says on stdout what it saw.

Case N of a seed is the same in every process, so a failure is seen again with `--only N`.
"""

import argparse
import json
import logging
import random
import sys
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError as ProtobufDecodeError

from sukusuku_core import sparkplug
from sukusuku_core.errors import DecodeError
from tests.faults.fuzzing.targets import TARGETS, Case, fingerprint

WORST = 3
"""Crashes that are told; the fuzzer ends then."""
SLOW = 5.0
"""Seconds of the processor after which a case counts as hanging: what a busy machine takes from it does not count."""


def main() -> int:
    """Always 0; what was found is on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "fingerprints"])
    parser.add_argument("seed", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--only", type=int, help="only this case, with its traceback")
    parser.add_argument("--generated", type=Path, help="read with the classes in this generated file, not with ours")
    parser.add_argument("--out", type=Path, help="write what each case came to, one a line")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        if arguments.target == "fingerprints":
            parse = sparkplug.parse if arguments.generated is None else _generated(arguments.generated)
            case: Case = lambda rng: fingerprint(rng, parse)  # noqa: E731 - one of many cases
        else:
            case = stack.enter_context(TARGETS[arguments.target]())
        if arguments.only is not None:
            sys.stdout.write(f"{case(_rng(arguments.seed, arguments.only))}\n")
            return 0
        out = stack.enter_context(arguments.out.open("w")) if arguments.out else None
        sys.stdout.write(json.dumps(_fuzz(case, arguments.seed, arguments.seconds, out)))
    return 0


def _fuzz(case: Case, seed: int, seconds: float, out: Any) -> dict[str, Any]:
    ends: Counter[str] = Counter()
    crashes: list[str] = []
    number, deadline = 0, time.monotonic() + seconds
    while len(crashes) < WORST and time.monotonic() < deadline:
        begin = time.process_time()
        try:
            end = case(_rng(seed, number))
        except Exception as error:  # noqa: BLE001 - finding these is what a fuzzer is for
            end = "crash"
            crashes.append(f"case {number}: {error!r} at {_place(error)}")
        if (took := time.process_time() - begin) > SLOW:
            crashes.append(f"case {number} took {took:.1f} s")
        if out is None:
            ends[end] += 1
        else:
            out.write(f"{end}\n")
        number += 1
    # not ru_maxrss: over fork and exec it goes on from what the parent took
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024
    return {"executions": number, "ends": ends, "crashes": crashes, "memory_mb": memory}


def _rng(seed: int, number: int) -> random.Random:
    return random.Random(f"{seed}/{number}")


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _generated(path: Path) -> Any:
    """`sparkplug.parse` with the classes that the protobuf compiler has made."""
    spec = spec_from_file_location("generated_pb2", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)

    def parse(data: bytes) -> Any:
        if len(data) > sparkplug.MAX_PAYLOAD_BYTES:
            raise DecodeError("oversized", "")
        try:
            message = module.Payload.FromString(data)
        except ProtobufDecodeError as error:
            raise DecodeError("protobuf", str(error)) from error
        if len(message.metrics) > sparkplug.MAX_METRICS:
            raise DecodeError("too-many-metrics", "")
        return message

    return parse


if __name__ == "__main__":
    sys.exit(main())
