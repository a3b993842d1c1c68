"""The documents of operators in PostgreSQL: one table for all machines. See `sukusuku_server.db.tables_document`."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, insert, select, tuple_
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import (
    ConfigError,
    PermanentError,
    SukusukuError,
    TransientError,
    WrongSettingsError,
)
from sukusuku_core.settings import ID_RULE
from sukusuku_core.topics import ID_PATTERN
from sukusuku_server.db.engine import open_engine, writing
from sukusuku_server.db.tables_document import facility_document
from sukusuku_server.facility_document.source import (
    MOST_VERSIONS,
    Change,
    ChangedMeanwhileError,
    Document,
    Origin,
    Version,
)
from sukusuku_server.mail import facility_checks
from sukusuku_server.settings import Facility, from_text
from sukusuku_server.settings.facility_checks import Checks

PREFIX = "postgres:"
"""How the name of a document in the database begins; the name of its operator follows."""
ADDRESS = "SUKUSUKU_OPERATIONS_URL"
"""The variable with the address of the database; it holds a password, which a command line would show to everybody."""
NOTHING = ""
"""The version of a document that is not there: who brings one in has seen this."""
_SAME_SECONDS = 0.5
"""For so long all who look get the same answer: many operators are one question."""
_ANSWER_MS = 5_000
"""How long an answer may take: a table that somebody has locked is one that does not answer."""
_NOT_ALLOWED = "42501"
"""PostgreSQL's code for a missing right."""
_ROW = facility_document.c
_VERSION = func.encode(func.sha256(func.convert_to(_ROW.text, "UTF8")), "hex")
"""As `source.version_of`; worked out from the text, so that nobody who writes a row by SQL has to."""
_NEWEST = sql("""
WITH RECURSIVE known AS (
    SELECT min(operator) AS operator FROM facility_document
    UNION ALL
    SELECT (SELECT min(operator) FROM facility_document WHERE operator > known.operator)
    FROM known WHERE known.operator IS NOT NULL
)
SELECT newest.* FROM known CROSS JOIN LATERAL (
    SELECT operator, number, xmin::text FROM facility_document
    WHERE operator = known.operator ORDER BY number DESC LIMIT 1
) AS newest""")
"""The mark of each operator, from the index: whoever looks twice a second must not walk through the histories."""


class NoDocumentError(TransientError):
    """The database has no document of this operator, or not any more."""


_Mark = tuple[int, str]
"""Which row is the newest: its number, and by which transaction it was written."""


class FacilityDatabase:
    """See `source.FacilitySources`. Safe to use from many threads; `close` it.

    `url` is one of SQLAlchemy. It is opened when it is first needed, so a server that is away is waited for. Relative
    paths in the document of an operator are relative to the folder of that name in `folder`. `more` is as with
    `FacilityFile`.
    """

    name = "documents in the database"

    def __init__(self, url: str, folder: Path, more: Checks = facility_checks.mistakes, clock: Clock = now_ms) -> None:
        self._url = url
        self.folder, self.more, self.clock = folder, more, clock
        self._opening, self._looking = threading.Lock(), threading.Lock()
        self._engine: Engine | None = None
        self._found: dict[str, tuple[_Mark, Document]] = {}
        self._failed: SukusukuError | None = None
        self._asked: float | None = None

    def close(self) -> None:
        """Give back the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def operators(self) -> Mapping[str, "DatabaseDocument"]:
        """See `source.FacilitySources`. Raises ConfigError when the address is wrong."""
        return {operator: self.operator(operator) for operator, it in self.looked().items() if it.text}

    def operator(self, operator: str) -> "DatabaseDocument":
        """Return where the document of an operator is, or would be."""
        return DatabaseDocument(self, operator)

    # ------------------------------------------------------------ for the documents

    def looked(self) -> Mapping[str, Document]:
        """Return the newest text of each operator, as it was half a second ago at most; empty: it was taken out.

        While the database takes its time for an answer, it is the last answer.
        """
        if self._looking.acquire(blocking=self._asked is None):  # one waits for the database, not all
            try:
                self._look()
            finally:
                self._looking.release()
        if self._failed is not None:
            raise self._failed
        return {operator: document for operator, (_, document) in self._found.items()}

    def forget(self) -> None:
        """Ask again at the next look."""
        self._asked = float("-inf")

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[Connection]:
        """Provide a transaction. One at a time writes, so what it has read stays true."""
        engine = self._opened()
        try:
            with (writing(engine) if write else engine).begin() as connection:
                connection.execute(sql(f"SET LOCAL statement_timeout = {_ANSWER_MS}"))
                yield connection
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            # Who may not read now could do so before, and somebody may give the right back while everything runs.
            lasting = write and getattr(cause, "sqlstate", None) == _NOT_ALLOWED
            raise (PermanentError if lasting else TransientError)(f"{self.name}: {cause}") from error

    # ------------------------------------------------------------ inside

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                try:
                    self._engine = open_engine(self._url, "sukusuku documents", key=ADDRESS)
                except ConfigError as error:
                    if isinstance(error.__cause__, DBAPIError):
                        raise TransientError(str(error)) from error
                    raise
            return self._engine

    def _look(self) -> None:
        if self._asked is not None and time.monotonic() - self._asked < _SAME_SECONDS:
            return
        try:
            self._found, self._failed = self._newest(), None
        except SukusukuError as error:
            self._failed = error
        self._asked = time.monotonic()

    def _newest(self) -> dict[str, tuple[_Mark, Document]]:
        with self.transaction() as connection:
            marks: dict[str, _Mark] = {who: (number, by) for who, number, by in connection.execute(_NEWEST)}
            known = {who: it for who, it in self._found.items() if marks.get(who) == it[0]}
            unknown = [(who, number) for who, (number, _) in marks.items() if who not in known]
            if unknown:
                asked = select(_ROW.operator, _ROW.text).where(tuple_(_ROW.operator, _ROW.number).in_(unknown))
                known |= {who: (marks[who], Document.of(found)) for who, found in connection.execute(asked)}
        return known


class DatabaseDocument:
    """See `source.FacilitySource`. A row that somebody has written by SQL is in the history without more."""

    def __init__(self, database: FacilityDatabase, operator: str) -> None:
        self._database = database
        self._operator = operator
        self._own = _ROW.operator == operator

    @property
    def name(self) -> str:
        """See `source.FacilitySource`."""
        return f"{PREFIX}{self._operator}"

    def read(self) -> Document:
        """See `source.FacilitySource`. Raises NoDocumentError when there is none."""
        with self._database.transaction() as connection:
            return self._there(self._newest(connection)[1])

    def look(self) -> Document:
        """See `source.FacilitySource`. Raises NoDocumentError when there is none."""
        return self._there(self._database.looked().get(self._operator))

    def begin(self) -> tuple[Document, Facility]:
        """See `source.FacilitySource`. What somebody has written by SQL and is wrong stops no program that starts.

        It begins with the version before, but never with one before what a program has checked: where that is wrong,
        this machine lacks something, and settings of long ago would be no better.
        """
        document = self.look()  # as all others that begin now: one question, and one connection
        try:
            return document, self.check(document.text)
        except WrongSettingsError:
            for version in self.history():
                before = Document.of(self.text_of(version.number))
                try:
                    return before, self.check(before.text)
                except WrongSettingsError:
                    if version.origin is not Origin.BY_HAND:
                        break
            raise

    def check(self, text: str) -> Facility:
        """See `source.FacilitySource`."""
        if re.fullmatch(ID_PATTERN, self._operator) is None:  # it is the name of a folder as well
            raise WrongSettingsError.of(self.name, f"{self._operator!r} is no name of an operator; {ID_RULE}")
        return from_text(text, self.name, self._database.folder / self._operator, self._database.more)

    def write(self, text: str, expected: str, change: Change) -> Document:
        """See `source.FacilitySource`. `NOTHING` is the version to expect where there is no document."""
        self.check(text)
        return self._write(text, expected, change)

    def take_out(self, expected: str, change: Change) -> None:
        """Let there be no document any more; its history stays. Raises as `write`, NoDocumentError."""
        self._write("", expected, change)

    def notice(self) -> Version | None:
        """See `source.FacilitySource`."""
        return None

    def history(self) -> list[Version]:
        """See `source.FacilitySource`."""
        columns = (_ROW.number, _VERSION, _ROW.time, _ROW.by, _ROW.why, _ROW.origin)
        asked = select(*columns).where(self._own).order_by(_ROW.number.desc())
        with self._database.transaction() as connection:
            return [Version(*row[:-1], _origin(row.origin)) for row in connection.execute(asked)]

    def text_of(self, number: int) -> str:
        """See `source.FacilitySource`."""
        with self._database.transaction() as connection:
            text: str | None = connection.execute(select(_ROW.text).where(self._own, _ROW.number == number)).scalar()
        if text is None:
            raise KeyError(number)
        return text

    # ------------------------------------------------------------ inside

    def _write(self, text: str, expected: str, change: Change) -> Document:
        made = Document.of(text)
        with self._database.transaction(write=True) as connection:
            number, found = self._newest(connection)
            now = found if found is not None and found.text else None
            if now is None and (expected != NOTHING or not text):
                raise self._missing()
            if now is not None and now.version != expected:
                raise ChangedMeanwhileError(now)
            if now == made:
                return made
            told = {"by": change.by, "why": change.why.strip(), "origin": change.origin.value}
            row = {"operator": self._operator, "number": number + 1, "text": text, "time": self._database.clock()}
            connection.execute(insert(facility_document).values(row | told))
            kept = select(_ROW.number).where(self._own).order_by(_ROW.number.desc()).limit(MOST_VERSIONS)
            connection.execute(delete(facility_document).where(self._own, _ROW.number.not_in(kept)))
        self._database.forget()
        return made

    def _newest(self, connection: Connection) -> tuple[int, Document | None]:
        """Return the newest version and its number; 0 where there never was one."""
        asked = select(_ROW.number, _ROW.text).where(self._own).order_by(_ROW.number.desc()).limit(1)
        row = connection.execute(asked).first()
        return (0, None) if row is None else (row.number, Document.of(row.text))

    def _there(self, found: Document | None) -> Document:
        if found is None or not found.text:
            raise self._missing()
        return found

    def _missing(self) -> NoDocumentError:
        return NoDocumentError(
            f"{self.name}: the database has no document of this operator; `sukusuku facility list {PREFIX}` tells "
            f"which it has, `sukusuku facility put {self.name} FILE` brings one in"
        )


def _origin(found: str) -> Origin:
    """Return how a version came to be; what nobody but a person can have written is by hand."""
    return Origin(found) if found in {*Origin} else Origin.BY_HAND
