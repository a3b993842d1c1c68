"""`sukusuku facility` and its neighbours with the documents of a real PostgreSQL."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_cli import check
from sukusuku_cli.facility import main
from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_server.facility_document import places
from sukusuku_server.facility_document.facility_database import ADDRESS
from tests.server.facility_document.sources import TEXT
from tests.support.postgres import PostgresServer

TOWN = "postgres:town"


@pytest.fixture(scope="module")
def address(postgres: PostgresServer) -> str:
    return postgres.operations()


@pytest.fixture(autouse=True)
def _place(address: str, tmp_path: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ADDRESS, address)
        patch.setenv(places.FOLDER, str(tmp_path))
        patch.setenv("LOGNAME", "anna")
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "new.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_goes_in_is_changed_taken_back_and_comes_out(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said() -> str:
        return capsys.readouterr().out

    assert main(["put", TOWN, str(file)]) == 0
    assert re.fullmatch(r"ok     postgres:town: version 1, [-\d]+ [:\d]+, anna\n", said())
    assert main(["show", TOWN]) == 0
    assert said() == TEXT

    file.write_text(TEXT.replace("East", "Est"), encoding="utf-8")
    for number in ([], ["--number", "7"]):
        with pytest.raises(ConfigError, match=r"there is a document already \(version 1, .*`--number 1` puts"):
            main(["put", TOWN, str(file), *number])
    assert main(["put", TOWN, str(file), "--number", "1", "--why", "French", "--lang", "en"]) == 0
    assert "Centre “East”, name: 東 / East → 東 / Est" in said()
    file.write_text(TEXT.replace('"east"', '"no id"'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"postgres:town: site\[0\].id"):
        main(["put", TOWN, str(file), "--number", "2"])

    assert main(["history", TOWN, "--lang", "en"]) == 0
    assert [line.split()[0] for line in said().splitlines() if line[:5].strip()] == ["2", "1"]
    assert main(["diff", TOWN]) == 0
    assert '-name = { ja = "東", en = "East" }\n+name = { ja = "東", en = "Est" }' in said()
    assert main(["undo", TOWN]) == 0
    assert said().startswith("ok     version 3: without the change of version 2")
    assert main(["list", "postgres:"]) == 0
    assert re.fullmatch(r"ok     postgres:town: version 3, .*, anna\n", said())
    assert check.main([TOWN]) == 0
    assert "ok     postgres:town: facility town: 1 sites" in said()

    assert main(["remove", TOWN]) == 0
    assert main(["list", "postgres:"]) == 0
    assert said() == "ok     postgres:town: taken out; its history stays, and `put` brings it back\n"
    with pytest.raises(TransientError, match="no document of this operator"):
        main(["show", TOWN])
    assert check.main([TOWN]) == 2
    file.write_text(TEXT, encoding="utf-8")
    assert main(["put", TOWN, str(file)]) == 0
    assert "version 5" in said()
    with pytest.raises(ConfigError, match="version 5 is the first one; there is nothing before it"):
        main(["undo", TOWN])


def test_what_is_no_document_of_the_database_is_told(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"found the file .*; expected a document of the database"):
        main(["put", str(file), str(file)])
    with pytest.raises(ConfigError, match="expected a folder of several, or postgres:"):
        main(["list", str(file)])
    for action in ("history", "show", "diff", "undo", "remove"):
        with pytest.raises(TransientError, match="postgres:nobody: the database has no document of this operator"):
            main([action, "postgres:nobody"])
    with pytest.raises(ConfigError, match=r"'../x' is no name of an operator"):
        main(["put", "postgres:../x", str(file)])


def test_the_operators_of_a_folder_are_listed_with_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("town", TEXT), ("wrong", TEXT.replace('"east"', '"no id"'))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "facility.toml").write_text(text, encoding="utf-8")
    assert main(["list", str(tmp_path)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"ok     {tmp_path}/town/facility.toml", f"wrong  {tmp_path}/wrong/facility.toml"]
    assert lines[2].startswith("       site[0].id: ")
