"""Reads rounds with their stops and people, on a connection of the caller."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from sukusuku_server.db.round_row_mapping import to_person, to_run, to_stop
from sukusuku_server.db.tables_collection import round_person, round_run, round_stop
from sukusuku_server.model.rounds import Person, Run, StopRecord

# Asked for every few seconds, built once: that takes longer than the answer.
_PEOPLE = (
    select(round_person).where(round_person.c.run_id.in_(bindparam("runs", expanding=True))).order_by(round_person.c.id)
)
_STOPS = (
    select(round_stop)
    .where(round_stop.c.run_id.in_(bindparam("runs", expanding=True)))
    .order_by(round_stop.c.joined.desc(), round_stop.c.position, round_stop.c.id)
)


def to_runs(connection: Connection, rows: Sequence[Any]) -> list[Run]:
    """Return the runs in rows of `round_run`."""
    ids = [row.id for row in rows]
    records, people = by_run(stops_of(connection, ids)), _people(connection, ids)
    return [to_run(row, records.get(row.id, []), people.get(row.id, [])) for row in rows]


def find_run(connection: Connection, *where: Any) -> Run | None:
    """Return the run of which this holds; None: there is none."""
    row = connection.execute(select(round_run).where(*where)).first()
    return None if row is None else to_runs(connection, [row])[0]


def read_run(connection: Connection, run_id: int) -> Run:
    """Return a run that is there."""
    row = connection.execute(select(round_run).where(round_run.c.id == run_id)).one()
    return to_runs(connection, [row])[0]


def _people(connection: Connection, runs: Sequence[int]) -> dict[int, list[Person]]:
    found: dict[int, list[Person]] = {}
    for row in connection.execute(_PEOPLE, {"runs": list(runs)}):
        found.setdefault(row.run_id, []).append(to_person(row))
    return found


def stops_of(connection: Connection, runs: Sequence[int]) -> list[StopRecord]:
    """Return the stops of some runs: those that are made in their order, then the others."""
    return [to_stop(row) for row in connection.execute(_STOPS, {"runs": list(runs)})]


def by_run(records: Sequence[StopRecord]) -> dict[int, list[StopRecord]]:
    """Return stops by the id of their run."""
    found: dict[int, list[StopRecord]] = {}
    for record in records:
        found.setdefault(record.run, []).append(record)
    return found


def find_stop(connection: Connection, stop_id: int) -> StopRecord | None:
    """Return a stop; None: there is none with this id."""
    row = connection.execute(select(round_stop).where(round_stop.c.id == stop_id)).first()
    return None if row is None else to_stop(row)


def read_stop(connection: Connection, stop_id: int) -> StopRecord:
    """Return a stop that is there."""
    return to_stop(connection.execute(select(round_stop).where(round_stop.c.id == stop_id)).one())
