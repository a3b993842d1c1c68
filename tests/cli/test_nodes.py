"""Keys of edge nodes from the command line of the server."""

import stat
from pathlib import Path

import pytest

from sukusuku_cli.nodes import main
from sukusuku_core.errors import TransientError
from sukusuku_core.proof import ProofKey
from sukusuku_server.db import Operations
from sukusuku_server.db.node_keys import NodeKeys
from sukusuku_server.model.proofs import ProofState, proof_key
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.small_facility import facility_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return facility_file(tmp_path, 1883)


def holding(folder: Path) -> list[tuple[str, str]]:
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    found = [(row.node, row.key.text) for row in NodeKeys(operations).holding()]
    operations.close()
    return found


def test_a_key_is_printed_alone_and_holds(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file), "key", "tobu-pi"]) == 0
    key = capsys.readouterr().out.strip()
    assert ProofKey.read(key).text == key
    assert holding(tmp_path) == [("tobu-pi", key)]


def test_a_key_is_written_for_its_owner_only_and_over_no_other(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tobu-pi.key"
    assert main([str(file), "key", "tobu-pi", "--file", str(path)]) == 0
    assert capsys.readouterr().out == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert holding(tmp_path) == [("tobu-pi", path.read_text(encoding="ascii").strip())]
    assert main([str(file), "key", "tobu-pi", "--file", str(path)]) == 2
    assert len(holding(tmp_path)) == 1


def test_a_file_that_cannot_be_made_or_filled_is_told_and_no_key_is_made(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([str(file), "key", "tobu-pi", "--file", str(tmp_path / "none" / "a.key")]) == 2
    assert "No such file or directory" in capsys.readouterr().err

    def away(*_: object) -> ProofKey:
        raise TransientError("the database is locked")

    monkeypatch.setattr(NodeKeys, "make", away)
    assert main([str(file), "key", "tobu-pi", "--file", str(tmp_path / "a.key")]) == 2
    assert "sukusuku nodes: the database is locked" in capsys.readouterr().err
    assert not (tmp_path / "a.key").exists()
    assert holding(tmp_path) == []


def test_the_key_before_the_newest_holds_on_and_older_ones_do_not(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []
    for _ in range(3):
        main([str(file), "key", "tobu-pi"])
        made.append(capsys.readouterr().out.strip())
    assert holding(tmp_path) == [("tobu-pi", key) for key in made[1:]]


def test_after_revoking_none_holds(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(file), "key", "tobu-pi"])
    assert main([str(file), "revoke", "tobu-pi"]) == 0
    assert holding(tmp_path) == []
    assert main([str(file), "revoke", "tobu-pi"]) == 2
    assert "has no key that holds" in capsys.readouterr().err


def test_a_node_that_is_not_in_the_settings_gets_none(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file), "key", "tobu-pie"]) == 2
    assert "no edge node 'tobu-pie'; it has" in capsys.readouterr().err


def test_the_list_shows_which_node_believes_what_and_no_key(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(file), "key", "tobu-pi"])
    key = ProofKey.read(capsys.readouterr().out)
    store = SqliteStore.open(tmp_path / "readings.db")
    store.note(proof_key("tobu-pi"), ProofState.PROVED)
    store.close()
    assert main([str(file), "list"]) == 0
    tobu, seibu = capsys.readouterr().out.splitlines()
    assert f"{key.ident} of " in tobu
    assert "believes only what is proved" in tobu
    assert "has not been heard yet" in seibu
    assert key.text not in tobu


def test_the_list_does_not_call_a_node_proved_whose_key_was_revoked(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = SqliteStore.open(tmp_path / "readings.db")
    store.note(proof_key("tobu-pi"), ProofState.PROVED)
    store.close()
    assert main([str(file), "key", "tobu-pi"]) == 0
    assert main([str(file), "revoke", "tobu-pi"]) == 0
    capsys.readouterr()
    assert main([str(file), "list"]) == 0
    assert "its readings wait" in capsys.readouterr().out.splitlines()[0]
