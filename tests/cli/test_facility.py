"""`sukusuku facility`: the history of the document, and taking changes back."""

from pathlib import Path

import pytest

from sukusuku_cli.facility import main
from sukusuku_core.errors import ConfigError

TEXT = """[operator]
id = "town"
name = { ja = "町", en = "Town" }

[alerts]
fill_rise = 80

[[site]]
id = "east"
name = { ja = "東", en = "East" }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "facility.toml"
    path.write_text(TEXT, encoding="utf-8")
    main(["history", str(path)])
    for old, new in (("fill_rise = 80", "fill_rise = 90"), ('en = "East"', 'en = "Est"')):
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        main(["history", str(path)])
    return path


def test_the_history_says_what_changed_in_either_language(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["history", str(path), "--lang", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[::2]] == ["3", "2", "1"]
    assert "edited by hand" in lines[0]
    assert lines[1].strip() == "Centre “East”, name: 東 / East → 東 / Est"

    assert main(["history", str(path), "--lang", "ja", "--last", "1"]) == 0
    assert "センター 「東」、名称：東 / East → 東 / Est" in capsys.readouterr().out


def test_a_change_is_taken_back_while_a_later_one_stays(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["undo", str(path), "--number", "2", "--why", "too late"]) == 0

    assert path.read_text(encoding="utf-8") == TEXT.replace('en = "East"', 'en = "Est"')
    capsys.readouterr()
    main(["history", str(path), "--last", "1", "--lang", "en"])
    assert "taken back  too late" in capsys.readouterr().out
    main(["diff", str(path)])
    assert "-fill_rise = 90\n+fill_rise = 80" in capsys.readouterr().out
    assert main(["undo", str(path), "--to", "1"]) == 0
    assert path.read_text(encoding="utf-8") == TEXT


def test_what_cannot_be_taken_back_is_told(path: Path) -> None:
    path.write_text(TEXT.replace("fill_rise = 80", "fill_rise = 70"), encoding="utf-8")
    with pytest.raises(ConfigError, match="later ones touch the same lines; `--to 1`"):
        main(["undo", str(path), "--number", "2"])
    with pytest.raises(ConfigError, match="there is no version 9"):
        main(["undo", str(path), "--number", "9"])
    with pytest.raises(ConfigError, match="is the first one"):
        main(["undo", str(path), "--number", "1"])


def test_a_broken_document_is_shown_with_its_mistakes_and_can_be_taken_back(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = path.read_text(encoding="utf-8")
    path.write_text("[operator\n", encoding="utf-8")
    capsys.readouterr()

    assert main(["show", str(path)]) == 2
    assert "not valid TOML" in capsys.readouterr().err
    assert main(["undo", str(path)]) == 0
    assert path.read_text(encoding="utf-8") == good
    assert main(["show", str(path)]) == 0
