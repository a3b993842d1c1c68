"""The files that must survive, each behind the class that owns it: deterministic steps, and what is in there."""

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from sukusuku_collector.operations import Alert, AlertState, Operations, OutgoingMail
from sukusuku_collector.store import Quarantined
from sukusuku_collector.store.sqlite import SqliteStore
from sukusuku_core.counters import CounterState
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_edge.binding import Counter
from sukusuku_edge.outbox import Outbox

T = 1_760_000_000_000
EVERYTHING = 10**6
UNITS = ("unit-1", "unit-2", "unit-3")
_METRICS = ("Fill/Percent", "Motor/Power", "Temperature", "State", "Cycles/Total", "Lid/Open", "Info/Serial")


class Subject(Protocol):
    """One durable file of ours. Every step is one commit; `open` and `step` raise our errors and no others."""

    def __init__(self, folder: Path) -> None: ...

    def open(self) -> None:
        """As its program does at the start."""

    def close(self) -> None:
        """As its program does at the end."""

    def step(self, rng: random.Random) -> None:
        """The next commit. What it is depends on `rng` and on what is in the file, on nothing else."""

    def dump(self) -> object:
        """Everything that its program can read in it."""

    def careless(self) -> None:
        """Stop to wait for the disk: for the control, which must lose."""


class OutboxSubject:
    """The edge agent's outbox with its counters, bdSeq and the last birth."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "outbox.db"
        self._runner: asyncio.Runner

    def open(self) -> None:
        self._runner = asyncio.Runner()
        try:
            self._outbox = self._runner.run(Outbox(self._path, ballast=0).__aenter__())
        except BaseException:
            self._runner.close()
            raise

    def close(self) -> None:
        self._runner.run(self._outbox.__aexit__())
        self._runner.close()

    def step(self, rng: random.Random) -> None:
        self._runner.run(self._step(rng))

    async def _step(self, rng: random.Random) -> None:
        kind = rng.choices(("add", "delete", "bdseq", "birth"), (12, 6, 1, 1))[0]
        if kind == "add":
            last = (await self._outbox.stats()).last
            readings = [a_reading(rng, T + 1000 * last + n) for n in range(rng.randint(1, 40))]
            total = rng.randrange(2**32)
            counter = Counter("board/cycle_counter", CounterState(total, total % 2**16))
            await self._outbox.add(readings, {(rng.choice(UNITS), "Cycles/Total"): counter})
        elif kind == "delete":
            waiting = await self._outbox.peek(0, rng.randint(0, 80))
            await self._outbox.delete([row for row, _ in waiting])
        elif kind == "bdseq":
            await self._outbox.next_bdseq()
        else:
            await self._outbox.set_last_birth(T + rng.randrange(10**9))

    def dump(self) -> object:
        return self._runner.run(self._dump())

    async def _dump(self) -> object:
        box = self._outbox
        counters = sorted((await box.counters()).items())
        number = await box._try(box._number, "bdseq")
        return await box.peek(0, EVERYTHING), counters, number, await box.last_birth(), await box.stats()

    def careless(self) -> None:
        self._runner.run(self._outbox._do(self._let_go))

    def _let_go(self) -> None:
        self._outbox._file.execute("PRAGMA synchronous=OFF").fetchall()


class StoreSubject:
    """The collector's store."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "store.db"

    def open(self) -> None:
        self._store = SqliteStore.open(self._path)

    def close(self) -> None:
        self._store.close()

    def step(self, rng: random.Random) -> None:
        if rng.random() < 0.1:
            self._store.note("state", rng.randrange(2**62))
            return
        start = T + rng.randrange(8 * 3_600_000)
        readings = [a_reading(rng, start + 10 * n) for n in range(rng.randint(0, 16))]
        bad = [
            Quarantined(T + n, "spBv1.0/x", "protobuf", "noise", rng.randbytes(300)) for n in range(rng.randint(0, 2))
        ]
        self._store.commit(readings, bad, T + rng.randrange(10**9))

    def dump(self) -> object:
        latest = self._store.latest()
        series = [(asset, metric) for asset, metrics in latest.items() for metric in metrics]
        end = T + 10**9
        return (
            {name: self._store.raw(*name, 0, end, EVERYTHING) for name in series},
            {name: self._store.hourly(*name, 0, end) for name in series},
            {asset: dict(metrics) for asset, metrics in latest.items()},
            self._store.quarantine(EVERYTHING),
            self._store.noted("state"),
        )

    def careless(self) -> None:
        self._store._connection.execute("PRAGMA synchronous=OFF").fetchall()


class OperationsSubject:
    """The operations data: alerts, mails to be sent, audit."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'operations.db'}"

    def open(self) -> None:
        self._operations = Operations(self._url)

    def close(self) -> None:
        self._operations.close()

    def step(self, rng: random.Random) -> None:
        now = T + rng.randrange(10**9)
        known = self._operations.alerts(open_only=False, limit=EVERYTHING)
        firing = [alert for alert in known if alert.state is AlertState.FIRING]
        kind = rng.choices(("fire", "acknowledge", "resolve", "lease", "sent"), (5, 3, 2, 2, 2))[0]
        if kind in {"acknowledge", "resolve"} and firing:
            chosen = rng.choice(firing)
            if kind == "acknowledge":
                self._operations.acknowledge(chosen.id, "staff", now)
            else:
                with self._operations.change() as change:
                    change.resolve(chosen, now, 1.0)
                    change.put_mail(chosen.id, _mail(rng), now)
        elif kind == "lease":
            self._operations.lease_mail(T + 10**9, T + rng.randrange(10**9))
        elif kind == "sent" and known:
            self._operations.mail_sent(rng.randint(1, len(known)), now)
        else:
            with self._operations.change() as change:
                raised = change.raise_alert(_alert(rng, now))
                change.fire(raised, now)
                change.put_mail(raised.id, _mail(rng), now)

    def dump(self) -> object:
        alerts = self._operations.alerts(open_only=False, limit=EVERYTHING)
        events = [self._operations.events(alert.id) for alert in alerts]
        return alerts, events, self._operations.mails(EVERYTHING), self._operations.audit(EVERYTHING)

    def careless(self) -> None:
        connection = self._operations._engine.raw_connection()  # outside of any transaction; the pool reuses it
        connection.cursor().execute("PRAGMA synchronous=OFF")
        connection.close()


SUBJECTS: Mapping[str, type[Subject]] = {
    "outbox": OutboxSubject,
    "store": StoreSubject,
    "operations": OperationsSubject,
}

OUR_ERRORS = (PermanentError, TransientError)


def a_reading(rng: random.Random, time: int) -> Reading:
    """Some reading of a unit, of every type and quality."""
    metric = rng.choice(_METRICS)
    values: dict[str, Value] = {
        "State": rng.randint(0, 7),
        "Cycles/Total": rng.randrange(2**40),
        "Lid/Open": rng.random() < 0.5,
        "Info/Serial": "一号" * rng.randint(1, 60),
    }
    value = values.get(metric, round(rng.uniform(0, 100), 3))
    quality = rng.choices(tuple(Quality), (1, 20, 1))[0]
    return Reading(rng.choice(UNITS), metric, time, None if quality is Quality.STALE else value, quality)


def _alert(rng: random.Random, now: int) -> Alert:
    detail = "fill level " + "x" * rng.randint(0, 400)
    return Alert(
        0, f"rule-{rng.randrange(10**9)}", "tobu", rng.choice(UNITS), AlertState.PENDING, now, None, None, None, None,
        rng.random(), detail, 80.0, now,
    )  # fmt: skip


def _mail(rng: random.Random) -> OutgoingMail:
    content = rng.randbytes(rng.randint(100, 6000))
    return OutgoingMail(
        "firing", "s@example.jp", "r@example.jp", "ja", "件名", f"<{rng.randrange(2**62)}@example.jp>", content
    )


def rng_of(seed: int, step: int) -> random.Random:
    """What decides a step."""
    return random.Random(f"{seed}/{step}")


def canonical(value: Any) -> str:
    """A dump as a text that is equal for equal dumps."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(map(canonical, value)) + ")"
    return repr(value)
