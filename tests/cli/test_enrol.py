"""What `sukusuku enrol` gives an edge node of the settings."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from sukusuku_cli.enrol import main
from sukusuku_core.enrolment import Answer
from tests.collector.small_facility import facility_file
from tests.support import certificates


def test_remarks_in_the_file_of_the_authority_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    authority = certificates.make(tmp_path).authority
    certificate = authority.read_text("ascii")
    authority.write_text(f"区役所の認証局\n{certificate}", encoding="utf-8")
    file = facility_file(tmp_path, 8883)
    named = f'[broker]\nca_file = "{authority}"'
    file.write_text(file.read_text("utf-8").replace("[broker]", named), encoding="utf-8")

    assert main([str(file), "tobu-pi"]) == 0

    assert "tobu-pi/" in capsys.readouterr().out
    with closing(sqlite3.connect(tmp_path / "operations.db")) as operations:
        ((told,),) = operations.execute("SELECT answer FROM enrolment")
    assert msgspec.json.decode(told, type=Answer).ca.strip() == certificate.strip()
