"""What became of each visit: the stops of rounds held against the emptyings that the data shows. Pure.

Every joined stop is one visit, and every emptying that counts belongs to exactly one visit: to the stop in whose time
it falls, or to one of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.collection import Emptying, EmptyingState
from sukusuku_server.model.rounds import Answer, Plan, Run, StopRecord, VisitKind

EARLY_MS = 2 * HOUR_MS
"""A crew may be that much earlier than the round departs."""
AFTER_MS = 2 * HOUR_MS
"""Until that long after the round has returned, an emptying still belongs to it in time."""
LATE_MS = 72 * HOUR_MS
"""An emptying that comes within this time after the round, and before the next stop there, is the visit come late."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to a unit. `planned` is when the round should arrive, None without a round; `emptied` is from the data.

    `percent` and `nappies` are what was in the bag when it was emptied; times are UTC ms.
    """

    asset: str
    kind: VisitKind
    round: str | None
    stop: int | None
    planned: int | None
    deadline: int | None
    emptied: int | None
    percent: float | None
    nappies: float | None
    answer: Answer = Answer.NONE

    @property
    def time(self) -> int:
        """The moment by which it is sorted into days and months: emptied, otherwise planned."""
        return self.emptied if self.emptied is not None else self.planned or 0


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, lowest and highest of `count` values."""

    mean: float
    low: float
    high: float
    count: int


def spread(values: Iterable[float]) -> Spread | None:
    """None: there are no values."""
    found = list(values)
    if not found:
        return None
    low, high = min(found), max(found)
    return Spread(min(max(sum(found) / len(found), low), high), low, high, len(found))


def visits(
    runs: Sequence[tuple[Run, Sequence[StopRecord]]],
    emptyings: Sequence[Emptying],
    needless_percent: Mapping[str, float],
    now: int,
) -> list[Visit]:
    """All visits in order of time. `needless_percent` by round id; a round that is not in it has no needless level.

    Rejected emptyings do not count. Give the emptyings of `LATE_MS` beyond the last round, or late ones look missed.
    """
    counting = sorted((it for it in emptyings if it.state is not EmptyingState.REJECTED), key=lambda it: it.time)
    free: dict[str, list[Emptying]] = {}
    for emptying in counting:
        free.setdefault(emptying.asset, []).append(emptying)
    planned: dict[str, list[tuple[Run, StopRecord]]] = {}
    for run, records in sorted(runs, key=lambda item: item[0].plan.departs):
        for record in records:
            if record.stop.joined:
                planned.setdefault(record.stop.asset, []).append((run, record))
    counted: list[Visit] = []
    for asset, stops in planned.items():
        own = free.get(asset, [])
        pairs = _pair(stops, own)
        taken = {id(match) for match in pairs if match is not None}
        free[asset] = [emptying for emptying in own if id(emptying) not in taken]
        for (run, record), match in zip(stops, pairs, strict=True):
            counted.append(_planned(run, record, match, needless_percent.get(run.plan.round, 0.0), now))
    counted += [
        Visit(asset, VisitKind.UNPLANNED, None, None, None, None, it.time, it.percent, it.nappies)
        for asset, own in free.items()
        for it in own
    ]
    return sorted(counted, key=lambda visit: (visit.time, visit.asset))


def levels(found: Iterable[Visit]) -> Spread | None:
    """How full bags were when they were emptied, in percent."""
    return spread(visit.percent for visit in found if visit.emptied is not None and visit.percent is not None)


def _pair(stops: Sequence[tuple[Run, StopRecord]], emptyings: Sequence[Emptying]) -> list[Emptying | None]:
    """Return the emptying of each stop of a unit: the one in its time first, then the first one that came late."""
    pairs: list[Emptying | None] = [None] * len(stops)
    free = list(emptyings)
    plans = [run.plan for run, _ in stops]
    begins = [_begins(before, plan) for before, plan in zip([None, *plans], plans, strict=False)]
    for late in (False, True):
        for n, (run, _) in enumerate(stops):
            following = begins[n + 1] if n + 1 < len(stops) else None
            start, end = begins[n], run.plan.returns + AFTER_MS
            if late:
                start, end = end, run.plan.returns + LATE_MS
            if following is not None:
                end = min(end, following)
            if pairs[n] is None:
                match = next((emptying for emptying in free if start <= emptying.time < end), None)
                if match is not None:
                    pairs[n] = match
                    free.remove(match)
    return pairs


def _begins(before: Plan | None, plan: Plan) -> int:
    """Return from when on an emptying belongs to a round: a little early, but not while the one before is under way."""
    early = plan.departs - EARLY_MS
    return early if before is None else max(early, min(before.returns, plan.departs))


def _planned(run: Run, record: StopRecord, emptying: Emptying | None, needless: float, now: int) -> Visit:
    stop = record.stop
    return Visit(
        asset=stop.asset,
        kind=_kind(run, record, emptying, needless, now),
        round=run.plan.round,
        stop=record.id,
        planned=stop.arrives if stop.arrives is not None else run.plan.departs,
        deadline=stop.deadline,
        emptied=None if emptying is None else emptying.time,
        percent=None if emptying is None else emptying.percent,
        nappies=None if emptying is None else emptying.nappies,
        answer=record.answer,
    )


def _kind(run: Run, record: StopRecord, emptying: Emptying | None, needless: float, now: int) -> VisitKind:
    over = run.plan.returns + AFTER_MS
    if emptying is None:
        if now < over and record.answer in {Answer.NONE, Answer.DONE}:
            return VisitKind.DUE
        return _UNSEEN[record.answer]
    if emptying.percent < needless:
        return VisitKind.NEEDLESS
    if emptying.time >= over and record.answer is Answer.CANNOT:
        return VisitKind.CANNOT
    deadline = over - 1 if record.stop.deadline is None else min(over - 1, record.stop.deadline)
    return VisitKind.LATE if emptying.time > deadline else VisitKind.EMPTIED


_UNSEEN = {
    Answer.NONE: VisitKind.MISSED,
    Answer.DONE: VisitKind.UNSEEN,
    Answer.CANNOT: VisitKind.CANNOT,
    Answer.NEEDLESS: VisitKind.NEEDLESS,
}
"""What a visit was when its time is over and the data shows no emptying, by the crew's answer."""
