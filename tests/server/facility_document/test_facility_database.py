"""The documents in a real PostgreSQL, beyond `test_source`: operators that come and go, rows by SQL, no answer."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import QueuePool

from sukusuku_core.errors import ConfigError, PermanentError, TransientError, WrongSettingsError
from sukusuku_server.facility_document import facility_database, places
from sukusuku_server.facility_document.facility_database import (
    ADDRESS,
    NOTHING,
    DatabaseDocument,
    FacilityDatabase,
    NoDocumentError,
)
from sukusuku_server.facility_document.source import Change, ChangedMeanwhileError
from tests.server.facility_document.sources import TEXT, in_database
from tests.support.patience import PATIENCE, until
from tests.support.postgres import PostgresServer

ANNA = Change("anna")


def _operator(document: DatabaseDocument) -> str:
    return document.name.partition(":")[2]


def _url(database: FacilityDatabase, user: str = "sukusuku") -> str:
    with database.transaction() as connection:
        return connection.engine.url.set(username=user).render_as_string()


def _sql(database: FacilityDatabase, statement: str, *values: object) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(statement, values)


def test_operators_come_go_and_come_back_with_their_history(
    database: FacilityDatabase, empty: DatabaseDocument
) -> None:
    name = _operator(empty)
    assert name not in database.operators()
    for call in (empty.read, empty.look, empty.begin):
        with pytest.raises(NoDocumentError, match=f"sukusuku facility put {empty.name} FILE"):
            call()
    with pytest.raises(NoDocumentError):
        empty.write(TEXT, "a version that is not there", ANNA)
    with pytest.raises(NoDocumentError):
        empty.take_out(NOTHING, ANNA)

    seen = empty.write(TEXT, NOTHING, ANNA)
    assert database.operators()[name].look() == seen
    with pytest.raises(ChangedMeanwhileError):
        empty.write(TEXT.replace("East", "Ost"), NOTHING, ANNA)

    empty.take_out(seen.version, Change("ben", "moved"))
    assert name not in database.operators()
    with pytest.raises(NoDocumentError):
        empty.read()
    empty.write(TEXT, NOTHING, ANNA)
    assert name in database.operators()
    assert [(it.number, it.by, it.why) for it in empty.history()] == [
        (3, "anna", ""),
        (2, "ben", "moved"),
        (1, "anna", ""),
    ]


def test_a_process_begins_with_the_newest_right_version(database: FacilityDatabase, empty: DatabaseDocument) -> None:
    source, by_hand = in_database(database, empty)
    right = source.write(TEXT.replace("East", "Est"), source.read().version, ANNA)
    by_hand("broken [")
    by_hand(TEXT.replace('"east"', '"no id"'))
    assert source.read().text == TEXT.replace('"east"', '"no id"')
    document, facility = source.begin()
    assert (document, facility.site[0].name.en) == (right, "Est")


def test_many_who_begin_at_once_need_one_connection(database: FacilityDatabase, empty: DatabaseDocument) -> None:
    in_database(database, empty)
    with closing(FacilityDatabase(_url(database), database.folder)) as found, ThreadPoolExecutor(8) as pool:
        source = found.operator(_operator(empty))
        assert {it[0].text for it in pool.map(lambda _: source.begin(), range(16))} == {TEXT}
        with found.transaction() as connection:
            assert isinstance(connection.engine.pool, QueuePool)
            assert (connection.engine.pool.checkedout(), connection.engine.pool.checkedin()) == (1, 0)


def test_it_does_not_begin_with_one_before_what_a_program_has_checked(
    empty: DatabaseDocument, database: FacilityDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without a variable that the others have would go back to settings of long ago."""
    source, by_hand = in_database(database, empty)
    monkeypatch.setenv("SUKUSUKU_TEST_NAME", "町")
    source.write(TEXT.replace('"町"', '"env:SUKUSUKU_TEST_NAME"'), source.read().version, ANNA)
    by_hand("broken [")
    assert source.begin()[1].operator.name.ja == "町"
    monkeypatch.delenv("SUKUSUKU_TEST_NAME")
    with pytest.raises(WrongSettingsError, match="not valid TOML"):
        source.begin()


def test_a_row_that_sql_changes_is_seen_as_well(database: FacilityDatabase, empty: DatabaseDocument) -> None:
    source, _ = in_database(database, empty)
    assert source.look().text == TEXT
    changed = TEXT.replace("East", "Est")
    _sql(database, "UPDATE facility_document SET text = %s WHERE operator = %s", changed, _operator(empty))
    database.forget()
    assert source.look() == source.read()
    assert source.look().text == changed


@pytest.mark.parametrize("name", ["../town", "a b", ""])
def test_a_name_that_is_none_is_told_and_can_be_taken_out(database: FacilityDatabase, name: str) -> None:
    _sql(database, "INSERT INTO facility_document (operator, number, text, time) VALUES (%s, 1, %s, 0)", name, TEXT)
    database.forget()
    source = database.operators()[name]
    with pytest.raises(WrongSettingsError, match=f"'{name}' is no name of an operator"):
        source.begin()
    source.take_out(source.read().version, ANNA)
    assert name not in database.operators()


def test_a_moment_in_another_unit_is_refused(database: FacilityDatabase) -> None:
    for time in (-1, 1_800_000_000_000_000):
        with pytest.raises(TransientError, match="time_ms"):
            _sql(database, "INSERT INTO facility_document (operator, number, text, time) VALUES ('x', 1, '', %s)", time)


def test_who_looks_does_not_wait_for_one_who_waits_for_the_database(
    database: FacilityDatabase, empty: DatabaseDocument
) -> None:
    source, _ = in_database(database, empty)
    assert source.look().text == TEXT
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            connection.exec_driver_sql("LOCK TABLE facility_document")
            database.forget()
            first = pool.submit(source.look)
            waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'facility_document'::regclass"
            until(lambda: connection.exec_driver_sql(waiting).first(), "nobody asks the database")
            assert source.look().text == TEXT
            assert not first.done()
        assert first.result(PATIENCE).text == TEXT


def test_a_table_that_somebody_has_locked_is_not_waited_for(
    database: FacilityDatabase, empty: DatabaseDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _ = in_database(database, empty)
    with database.transaction() as connection:
        connection.exec_driver_sql("LOCK TABLE facility_document")
        monkeypatch.setattr(facility_database, "_ANSWER_MS", 20)
        database.forget()
        for call in (source.look, source.read, source.history):
            with pytest.raises(TransientError, match="statement timeout"):
                call()
    database.forget()
    monkeypatch.undo()
    assert source.look().text == TEXT


def test_where_none_was_ever_right_the_mistakes_of_the_newest_are_told(
    database: FacilityDatabase, empty: DatabaseDocument
) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO facility_document (operator, number, text, time, origin) VALUES (%s, 7, '[', 0, 'whatever')",
            (_operator(empty),),
        )
    database.forget()
    assert empty.history()[0].origin == "by_hand"
    with pytest.raises(WrongSettingsError, match=f"{empty.name}: not valid TOML"):
        empty.begin()


def test_relative_paths_start_from_the_folder_of_the_operator(
    database: FacilityDatabase, empty: DatabaseDocument
) -> None:
    facility = empty.check(TEXT)
    assert facility.store.path == str(database.folder / _operator(empty) / "readings.db")


def test_a_server_that_is_away_is_told_and_asked_again(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.operations()
    with closing(FacilityDatabase(url.replace(str(postgres.folder), str(tmp_path)), tmp_path)) as away:
        for call in (away.operators, away.operator("town").read, away.operator("town").look):
            with pytest.raises(TransientError, match=r"SUKUSUKU_OPERATIONS_URL: .* cannot be opened"):
                call()
    with closing(FacilityDatabase(url, tmp_path)) as database:
        source, _ = in_database(database, database.operator("town"))
        version = source.read().version
        with database.transaction() as connection:
            connection.exec_driver_sql("ALTER TABLE facility_document RENAME TO away")
        database.forget()
        for lost in (source.read, source.look, source.history, lambda: source.write(TEXT + "\n", version, ANNA)):
            with pytest.raises(TransientError, match="does not exist"):
                lost()
        with database.transaction() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO facility_document")
        database.forget()
        assert source.look().text == source.read().text == TEXT


def test_who_may_only_read_is_told_so(
    postgres: PostgresServer, database: FacilityDatabase, empty: DatabaseDocument
) -> None:
    in_database(database, empty)
    with database.transaction() as connection:
        connection.exec_driver_sql("CREATE ROLE reader LOGIN")
        connection.exec_driver_sql("GRANT SELECT ON alembic_version TO reader")
    with closing(FacilityDatabase(_url(database, "reader"), database.folder)) as found:
        source = found.operator(_operator(empty))
        for call in (found.operators, source.look, source.read):  # a right that somebody may give while programs run
            with pytest.raises(TransientError, match="permission denied"):
                call()
        _sql(database, "GRANT SELECT ON facility_document TO reader")
        with pytest.raises(PermanentError, match="permission denied"):
            source.write(TEXT.replace("East", "Est"), source.read().version, ANNA)
        assert source.read().text == TEXT


def test_a_place_is_a_file_a_folder_or_the_database(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)
    with pytest.raises(ConfigError, match="SUKUSUKU_OPERATIONS_URL is not set"):
        places.read(Path("postgres:town"))
    monkeypatch.setenv(ADDRESS, "sqlite:///operations.db")
    with pytest.raises(ConfigError, match="SUKUSUKU_OPERATIONS_URL is another one"), places.several(Path("postgres:")):
        pass
    monkeypatch.setenv(ADDRESS, "postgresql+psycopg://sukusuku:hush@hush:hush@db/sukusuku")
    with pytest.raises(ConfigError, match=r"SUKUSUKU_OPERATIONS_URL: not usable: its port .* %40") as caught:
        places.read(Path("postgres:town"))
    assert "hush" not in str(caught.value)
    monkeypatch.setenv(ADDRESS, postgres.operations())
    monkeypatch.setenv(places.FOLDER, str(tmp_path))
    with places.several(Path("postgres:")) as several, places.one(Path("postgres:town")) as source:
        assert isinstance(source, DatabaseDocument)
        source.write(TEXT, NOTHING, ANNA)
        assert several is not None
        assert several.operators().keys() == {"town"}
        with places.several(Path("postgres:town")) as single:
            assert single is None
    with pytest.raises(ConfigError, match=r"names all operators.*found town"), places.one(Path("postgres:")):
        pass
    assert places.read(Path("postgres:town")).operator.id == "town"
    file = tmp_path / "town" / "facility.toml"
    file.parent.mkdir()
    file.write_text(TEXT, encoding="utf-8")
    assert places.read(file) == places.read(Path("postgres:town"))
    with places.several(file) as single, places.several(tmp_path) as several:
        assert single is None
        assert several is not None
        assert {name: it.name for name, it in several.operators().items()} == {"town": str(file)}
    with pytest.raises(TransientError, match="cannot be read"), places.one(tmp_path / "none.toml") as source:
        source.read()
