from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from sukusuku_server.db.shared_secrets import LINKS, shared
from tests.server.rounds.three_centres import TOWN
from tests.support import databases


def test_links_get_a_new_key_and_the_one_before_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facility = tmp_path / "facility.toml"
    facility.write_text(TOWN, encoding="utf-8")
    operations = databases.operations(tmp_path)
    [first] = shared(operations, LINKS)

    assert main(["rounds", "rekey", str(facility), "--lang", "en"]) == 0
    assert "Start the API again, then the collector." in capsys.readouterr().out
    before, now = shared(operations, LINKS)
    assert before == first != now

    assert main(["rounds", "rekey", str(facility)]) == 0
    assert "再起動してください" in capsys.readouterr().out
    assert shared(operations, LINKS)[0] == now
    operations.close()
