"""From a verdict and recovery times to the outcome of a row."""

import math
from collections.abc import Sequence

from tests.faults.judge import Verdict
from tests.faults.row import Outcome


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed (0 when there are none)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def finish(
    fault: str,
    title: str,
    injected: int,
    verdict: Verdict,
    recovery: Sequence[float] = (),
    limit: float | None = None,
    faults: Sequence[str] = (),
) -> Outcome:
    """`limit` bounds the 99th percentile of the recovery times; `faults` are further reasons to fail."""
    why = [*faults, *verdict.faults]
    if verdict.accepted == 0:
        why.append("nothing was accepted, so nothing was tested")
    if limit is not None and quantile(recovery, 0.99) > limit:
        why.append(f"recovery p99 {quantile(recovery, 0.99):.1f} s is over {limit:g} s")
    passed = not why and verdict.lost == 0 and verdict.duplicates == 0
    return Outcome(
        fault,
        title,
        injected,
        verdict.accepted,
        verdict.stored,
        verdict.lost,
        verdict.duplicates,
        tuple(recovery),
        passed,
        "; ".join(why),
    )


def joined(fault: str, title: str, parts: Sequence[Outcome]) -> Outcome:
    """Several runs as one row."""
    return Outcome(
        fault,
        title,
        sum(part.injected for part in parts),
        sum(part.accepted for part in parts),
        sum(part.stored for part in parts),
        sum(part.lost for part in parts),
        sum(part.duplicates for part in parts),
        tuple(seconds for part in parts for seconds in part.recovery),
        all(part.passed for part in parts),
        "; ".join(f"{part.title}: {part.why}" for part in parts if part.why),
    )
