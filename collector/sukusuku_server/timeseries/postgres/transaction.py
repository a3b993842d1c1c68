"""An open transaction in PostgreSQL: readings by binary COPY, and the partitions that they need."""

import functools
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import errors

from sukusuku_core.model import Value
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries.database import Result
from sukusuku_server.timeseries.postgres import partitions

_COPY = "COPY reading (time, series, quality, number, whole, words) FROM STDIN (FORMAT BINARY)"
_COLUMNS = ("int8", "int4", "int2", "float8", "int8", "bytea")
_MANY = 50
"""Rows from which on copying is quicker than one statement each."""
_KNOWN = """
SELECT series, time FROM reading JOIN unnest(%s::integer[], %s::bigint[]) AS new (series, time) USING (series, time)
WHERE time >= %s AND time <= %s
"""

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


class PostgresTransaction:
    """See `Transaction`."""

    values: Sequence[str] = ("number", "whole", "words")
    each = "SELECT json_array_elements_text(CAST(? AS json))"

    def __init__(self, connection: Connection, weeks: set[int] | None) -> None:
        self._connection = connection
        self._weeks = weeks

    def stored(self, value: Value | None) -> tuple[float | None, int | None, bytes | None]:
        """See `Transaction`."""
        return stored(value)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Result:
        """See `Transaction`."""
        result: Result = self._connection.execute(translated(sql), parameters)
        return result

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> object:
        """See `Transaction`."""
        with self._connection.cursor() as cursor:
            cursor.executemany(translated(sql), rows)
        return None

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str) -> None:
        """See `Transaction`. Rows that are many are copied beside the table first, which is quicker."""
        names = ", ".join(columns)
        if len(rows) < _MANY:
            marks = ", ".join("?" * len(columns))
            self.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", rows)
            return
        beside = f"new_{table}"
        self.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {beside} (LIKE {table}) ON COMMIT DELETE ROWS")
        self.execute(f"TRUNCATE {beside}")
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {beside} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {beside} {conflict}")

    def insert(self, rows: Sequence[Row]) -> Sequence[Row]:
        """See `Transaction`. Duplicates are rare, so all are first tried at once."""
        if not rows:
            return rows
        self.make_room(rows)
        try:
            with self._connection.transaction():
                self._copy(rows)
        except errors.UniqueViolation:
            rows = self._unknown(rows)
            self._copy(rows)
        return rows

    def _copy(self, rows: Sequence[Row]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_COLUMNS)
            for time, series, value, quality in rows:
                if type(value) is float:
                    copy.write_row((time, series, quality, value, None, None))
                else:
                    copy.write_row((time, series, quality, *stored(value)))

    def _unknown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return rows that are not stored yet, each series and time once. Nobody else writes in the meantime."""
        times = [row[0] for row in rows]
        known = set(
            self._connection.execute(_KNOWN, ([row[1] for row in rows], times, min(times), max(times))).fetchall()
        )
        first: dict[tuple[int, int], Row] = {}
        for row in rows:
            if (row[1], row[0]) not in known:
                first.setdefault((row[1], row[0]), row)
        return list(first.values())

    def make_room(self, rows: Sequence[Row]) -> None:
        """Make the partitions that are missing for rows."""
        if self._weeks is None or not rows:
            return
        for week in partitions.weeks(rows) - self._weeks:
            found = self._connection.execute("SELECT to_regclass(%s)", (partitions.named(week),)).fetchone()
            if found is not None and found[0] is None:
                for statement in partitions.making(week):
                    self._connection.execute(statement)
            self._weeks.add(week)


def stored(value: Value | None) -> tuple[float | None, int | None, bytes | None]:
    """Return the columns of a value."""
    if isinstance(value, float):
        return value, None, None
    if isinstance(value, str):
        return None, None, value.encode()
    return None, None if value is None else int(value), None


@functools.lru_cache
def translated(statement: str) -> str:
    """Return a statement with psycopg's marks for parameters."""
    return statement.replace("?", "%s")
