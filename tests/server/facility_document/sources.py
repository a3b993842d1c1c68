"""Where a document may be, with one right text in it: a file, and a row of a real PostgreSQL."""

from collections.abc import Callable
from pathlib import Path

from sukusuku_server.facility_document.facility_database import NOTHING, DatabaseDocument, FacilityDatabase
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Change, FacilitySource

TEXT = """# ours
[operator]
id = "town"
name = { ja = "町", en = "Town" }

[[site]]
id = "east"
name = { ja = "東", en = "East" }
"""

ByHand = Callable[[str], object]
"""Makes a text the document as somebody with an editor would, or with SQL: nobody looks at it before."""
Place = tuple[FacilitySource, ByHand]


def in_file(folder: Path) -> Place:
    path = folder / "facility.toml"
    path.write_text(TEXT, encoding="utf-8")
    return FacilityFile(path, clock=lambda: 1000), lambda text: path.write_text(text, encoding="utf-8")


def in_database(database: FacilityDatabase, source: DatabaseDocument) -> Place:
    source.write(TEXT, NOTHING, Change("importer"))
    operator = source.name.partition(":")[2]

    def by_hand(text: str) -> None:
        with database.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO facility_document (operator, number, text, time)"
                " SELECT CAST(%(o)s AS varchar), max(number) + 1, %(t)s, 2000"
                " FROM facility_document WHERE operator = %(o)s",
                {"o": operator, "t": text},
            )
        database.forget()

    return source, by_hand
