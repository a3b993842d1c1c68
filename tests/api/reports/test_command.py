from pathlib import Path

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

    assert main(["month", "2026-11", str(facility), "--format", "csv,xlsx", "--out", str(out), "--site", "tobu"]) == 0

    assert sorted(path.name for path in out.iterdir()) == ["rooms-2026-11-tobu.csv", "rooms-2026-11-tobu.xlsx"]
    assert capsys.readouterr().out.split() == [str(out / f"rooms-2026-11-tobu.{e}") for e in ("csv", "xlsx")]
    assert ",秘匿," in (out / "rooms-2026-11-tobu.csv").read_text("utf-8-sig")

    assert main(["month", "2026-11", str(facility), "--format", "csv", "--out", str(out), "--internal"]) == 0
    assert ",秘匿," not in (out / "rooms-2026-11.csv").read_text("utf-8-sig").split("用語と計算式")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("month", "2026-13"), "YYYY-MM"), (("year", "R8"), "such as 2026"), (("month", "2099-01"), "not begun")],
)
def test_what_cannot_be_reported_is_said(
    facility: Path, arguments: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, str(facility), "--format", "csv"]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_format_is_refused_with_those_there_are(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["month", "2026-11", str(facility), "--format", "doc"])
    assert "xlsx, pdf, csv" in capsys.readouterr().err
