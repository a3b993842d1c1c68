"""Accepted against stored: the only question of the matrix.

The witness is the accepted log, to which the edge agent writes after the commit to its outbox. A SIGKILL can fall
between that commit and the log, so readings taken just before a kill of the agent may be stored without a witness;
any other stored reading that nobody accepted counts as a duplicate.
"""

import contextlib
import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.model import Value
from sukusuku_server.timeseries.sqlite import SqliteStore

UNWITNESSED_MS = 5_000
"""How long before the kill of an agent its last readings may have been taken."""

Moment = tuple[str, str, int]
"""Asset, metric, UTC ms."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of readings. `faults` says in words what is wrong, the first few of each kind."""

    accepted: int
    stored: int
    lost: int
    duplicates: int
    faults: tuple[str, ...]


def read_accepted(path: Path) -> list[tuple[Moment, Value | None]]:
    """The accepted log in the order of its lines. A line that a kill has torn is no witness."""
    found = []
    for line in path.read_bytes().split(b"\n") if path.exists() else []:
        try:
            row = json.loads(line)
            found.append(((row["asset"], row["metric"], row["time"]), row["value"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def read_all(logs: Sequence[Path]) -> list[tuple[Moment, Value | None]]:
    """All accepted logs, one after the other."""
    return [item for log in logs for item in read_accepted(log)]


def read_stored(path: Path) -> dict[Moment, Value | None]:
    """Everything in the collector's store, which is opened for reading only.

    A reading whose time the collector did not believe stands elsewhere in time; here it stands where it said it does.
    """
    store = SqliteStore.open_reader(path, wait=5.0)
    try:
        said = _moved(path)
        return {
            (asset, metric, said.get((asset, metric, point.time), point.time)): point.value
            for asset, metrics in store.latest().items()
            for metric in metrics
            for point in store.raw(asset, metric, 0, 1 << 62, 1 << 40)
        }
    finally:
        store.close()


def _moved(path: Path) -> dict[Moment, int]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        rows = store.execute(
            "SELECT asset, metric, moved.time, original FROM moved JOIN series ON series.id = moved.series"
        )
        return {(asset, metric, moment): original for asset, metric, moment, original in rows}


def waiting(logs: Sequence[Path], store: Path, gone: Collection[Moment] = ()) -> int:
    """How many accepted readings are not stored yet; those that are `gone` are not waited for."""
    done = {*read_stored(store), *gone}
    return sum(moment not in done for moment, _ in read_all(logs))


def judge(
    logs: Sequence[Path],
    store: Path,
    kills: Sequence[int] = (),
    *,
    ordered: bool = True,
    strangers: Collection[Moment] = (),
) -> Verdict:
    """`kills` are the moments (UTC ms) of SIGKILLs of agents. `ordered` is False when clocks were stepped back.

    Readings of `strangers` are passed over.
    """
    accepted = read_all(logs)
    stored = {at: value for at, value in read_stored(store).items() if at not in strangers}
    once = dict(accepted)
    missing = [
        f"{_name(at)} was accepted as {value!r} and never stored" for at, value in once.items() if at not in stored
    ]
    changed = [
        f"{_name(at)} was accepted as {value!r} and stored as {stored[at]!r}"
        for at, value in once.items()
        if at in stored and stored[at] != value
    ]
    invented = [
        f"{_name(at)} is stored as {value!r} and was never accepted"
        for at, value in stored.items()
        if at not in once and not any(0 <= kill - at[2] <= UNWITNESSED_MS for kill in kills)
    ]
    twice = len(accepted) - len(once)
    faults = [*missing[:3], *changed[:3], *invented[:3]]
    if twice:
        faults.append(f"{twice} moments were accepted twice")
    if ordered:
        faults += _disorder(accepted)[:3]
    return Verdict(len(once), len(stored), len(missing) + len(changed), len(invented) + twice, tuple(faults))


def _disorder(accepted: Sequence[tuple[Moment, Value | None]]) -> list[str]:
    """Readings of a series that were accepted with an earlier time than the one before."""
    last: dict[tuple[str, str], int] = {}
    found = []
    for moment, _ in accepted:
        series = moment[:2]
        if moment[2] <= last.get(series, 0):
            found.append(f"{_name(moment)} was accepted after {last[series]}")
        last[series] = moment[2]
    return found


def _name(moment: Moment) -> str:
    return f"{moment[0]} {moment[1]} at {moment[2]}"
