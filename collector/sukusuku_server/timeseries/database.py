"""What the stores ask of their database, SQLite or PostgreSQL: their statements are the same for both."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Value
from sukusuku_server.model.series import Row


class Ask(Protocol):
    """How a question is put to a database, within a transaction or not."""

    def __call__(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterable[tuple[Any, ...]]:
        """Return the rows that answer it."""


class Result(Protocol):
    """What came of a statement."""

    @property
    def rowcount(self) -> int:
        """Return how many rows it changed."""

    def __iter__(self) -> Iterator[Any]:
        """Return its rows, one after the other."""

    def fetchone(self) -> Any:
        """Return its next row; None: there is none."""

    def fetchall(self) -> list[Any]:
        """Return its rows."""


class Transaction(Protocol):
    """An open transaction. In its statements a question mark stands for a parameter."""

    values: Sequence[str]
    """The columns of `reading` and `latest` that hold a value; each database has other types for them."""
    each: str
    """A question for all texts of a JSON list, which is its parameter."""

    def stored(self, value: Value | None) -> tuple[Value | bytes | None, ...]:
        """Return a value as these columns hold it."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Result:
        """Run a statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> object:
        """Run a statement once for each row of parameters."""

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str) -> None:
        """Insert many rows of distinct keys; `conflict` says, in SQL, what is done where a key is there already."""

    def insert(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Insert readings that are new, and tell which rows those were."""


class Database(Protocol):
    """One connection, which threads take turns to use. Raises TransientError when the database does not answer."""

    name: str
    """As it stands in messages."""
    values: Sequence[str]
    """See `Transaction`."""
    each: str
    """See `Transaction`."""

    def turn(self) -> AbstractContextManager[object]:
        """Return what holds other threads off. A thread that has its turn may ask for it again."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Commit durably what the block writes, all of it or nothing."""

    def snapshot(self) -> AbstractContextManager[object]:
        """Let all questions of the block be answered as of one moment. It holds other threads off."""

    def ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question."""

    def version(self) -> int:
        """Return a number that changes when another connection has committed."""

    def close(self) -> None:
        """Give back files and connections."""


def typed(parts: Sequence[Value | bytes | None], datatype: int | None = None) -> Value | None:
    """Return the value that the columns of a reading hold; one of them is not null at most.

    Without a datatype booleans stay 0 and 1. The texts of PostgreSQL hold no NUL, so there they are UTF-8.
    """
    for part in parts:
        if part is not None:
            if datatype == DataType.BOOLEAN:
                return bool(part)
            return part.decode() if isinstance(part, bytes) else part
    return None


def without_nul(text: str) -> str:
    """Return what is said of a broken message, as the texts of PostgreSQL can hold it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
