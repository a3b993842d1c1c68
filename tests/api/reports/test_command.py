import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from sukusuku_api.reports.__main__ import main
from tests.api.reports import report_cases


@pytest.fixture
def facility(tmp_path: Path) -> Path:
    path = tmp_path / "facility.toml"
    path.write_text(f'{report_cases.FACILITY}\n[store]\npath = "readings.db"\n', encoding="utf-8")
    _, store, operations = report_cases.write(tmp_path)
    store.close()
    operations.close()
    return path


def test_a_month_is_written_in_the_formats_that_are_asked_for(
    facility: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sukusuku_api.reports.__main__.now_ms", lambda: report_cases.MADE)
    out = tmp_path / "out"

    arguments = ["month", "2026-11", str(facility), "--out", str(out)]
    assert main([*arguments, "--format", "zip,xlsx", "--site", "tobu"]) == 0

    names = [f"rooms-2026-11-tobu.{ending}" for ending in ("zip", "xlsx")]
    assert sorted(path.name for path in out.iterdir()) == sorted(names), "the settings have no unit"
    assert capsys.readouterr().out.split() == [str(out / name) for name in names]
    assert "秘匿" in _told(out / "rooms-2026-11-tobu.zip")

    assert main([*arguments, "--format", "zip", "--internal"]) == 0
    assert "秘匿" not in _told(out / "rooms-2026-11.zip")


def _told(path: Path) -> str:
    """Return all tables but what is said about the report and its figures."""
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith(("about.csv", "definitions.csv"))]
        return "".join(archive.read(name).decode("utf-8-sig") for name in names)


def test_a_report_of_what_the_settings_have_nothing_of_is_made_and_says_so(
    facility: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["month", "2026-11", str(facility), "--about", "collection", "--format", "xlsx", "--out", str(out)]
    assert main(arguments) == 0
    assert "no data" in capsys.readouterr().err


def test_without_a_japanese_font_no_file_is_written_and_what_to_do_is_said(
    facility: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when only the last of the files cannot be made."""
    bare = tmp_path / "fonts.conf"
    bare.write_text(f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>")
    command = [sys.executable, "-m", "sukusuku_api.reports", "month", "2026-11", str(facility)]
    out = tmp_path / "out"
    done = subprocess.run(
        [*command, "--format", "xlsx,pdf", "--out", str(out)],
        env={**os.environ, "FONTCONFIG_FILE": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "sudo apt-get install fonts-noto-cjk" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("month", "2026-13"), "YYYY-MM"), (("year", "R8"), "such as 2026"), (("month", "2099-01"), "not begun")],
)
def test_what_cannot_be_reported_is_said(
    facility: Path, arguments: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, str(facility), "--format", "zip"]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_format_is_refused_with_those_there_are(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["month", "2026-11", str(facility), "--format", "doc"])
    assert "xlsx, pdf, zip" in capsys.readouterr().err
