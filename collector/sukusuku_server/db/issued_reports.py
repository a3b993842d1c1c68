"""Reports that were issued, kept to the byte. Nothing of them is ever changed; a corrected issue is another one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update

from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_reports import issued_report
from sukusuku_server.model.issued import IssuedReport, ReportKind, UnknownReportError

_C = issued_report.c
_FILES = {"xlsx": _C.xlsx, "pdf": _C.pdf, "zip": _C.zip, "csv": _C.csv}
"""Reports that were issued before there was a zip have one CSV file."""
_FIELDS = (
    _C.id,
    _C.kind,
    _C.period,
    _C.site,
    _C.language,
    _C.issued,
    _C.issued_by,
    _C.note,
    _C.replaces,
    _C.settings,
    _C.digest,
    *(column.is_not(None).label(ending) for ending, column in _FILES.items()),
)


class IssuedReports:
    """Issued reports of a facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def reserve(self, report: IssuedReport) -> int:
        """Return the number of a report that is going to be made; it is never given again. Its own is passed over."""
        values = {
            "kind": report.kind.value,
            "period": report.period,
            "site": report.site,
            "language": report.language,
            "issued": report.issued,
            "issued_by": report.by,
            "note": report.note,
            "replaces": report.replaces,
            "settings": report.settings,
            "digest": report.digest,
            "cells": b"",
        }
        with self._operations.writing() as connection:
            return int(connection.execute(insert(issued_report).values(values).returning(_C.id)).scalar_one())

    def issue(self, number: int, cells: bytes, files: Mapping[str, bytes], by: str, now: int) -> None:
        """Keep the cells and files of a reserved number: from now on it is issued. The audit log records it."""
        with self._operations.writing() as connection:
            connection.execute(update(issued_report).where(_C.id == number).values({"cells": cells, **files}))
            audit_entry.note(connection, now, by, "report.issue", str(number))

    def all(self) -> list[IssuedReport]:
        """Return every issued report, the newest first."""
        with self._operations.reading() as connection:
            rows = connection.execute(select(*_FIELDS).where(_C.xlsx.is_not(None)).order_by(_C.id.desc()))
            return [_issued(row._asdict()) for row in rows]

    def one(self, number: int) -> tuple[IssuedReport, bytes]:
        """Return an issued report and its cells. Raises UnknownReportError."""
        with self._operations.reading() as connection:
            row = connection.execute(select(*_FIELDS, _C.cells).where(_C.id == number, _C.xlsx.is_not(None))).first()
        if row is None:
            raise UnknownReportError(f"no report {number} was issued")
        return _issued(row._asdict()), row.cells

    def file(self, number: int, ending: str) -> bytes:
        """Return a file as it was issued, to the byte. Raises UnknownReportError."""
        with self._operations.reading() as connection:
            found = connection.execute(select(_FILES[ending]).where(_C.id == number, _C.xlsx.is_not(None))).scalar()
        if found is None:
            raise UnknownReportError(f"no report {number} was issued as {ending}")
        return bytes(found)


def _issued(row: Mapping[str, Any]) -> IssuedReport:
    return IssuedReport(
        number=row["id"],
        kind=ReportKind(row["kind"]),
        by=row["issued_by"],
        files=tuple(ending for ending in _FILES if row[ending]),
        **{
            name: row[name]
            for name in ("period", "site", "language", "issued", "note", "replaces", "settings", "digest")
        },
    )
