"""What `sukusuku enrol` gives an edge node of the settings."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from sukusuku_cli import enrol
from sukusuku_cli.enrol import main
from sukusuku_core.enrolment import Answer
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility
from tests.collector.small_facility import FACILITY, facility_file
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


def test_an_edge_node_gets_the_names_of_its_group(tmp_path: Path) -> None:
    found = parse(
        f'{FACILITY.format(port=1883)}[[group]]\nid = "north"\nhost_id = "north-host"\nschema = "north"\n'
        'sites = ["tobu"]\n[[site]]\nid = "hombu"\nname = {ja = "本部", en = "Hombu"}\n[[site.unit]]\nid = "unit-3"\n'
        'name = {ja = "3号機", en = "Unit 3"}\nedge = "hombu-pi"\n',
        Facility,
        "facility.toml",
    )
    answers = [
        enrol._answer(found, enrol.parser().parse_args([str(tmp_path), node])) for node in ("tobu-pi", "hombu-pi")
    ]
    assert [(it.group, it.primary_host) for it in answers] == [("north", "north-host"), ("toshima", "sukusuku")]
