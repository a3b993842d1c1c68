import json
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from sukusuku_collector.dispatch import show
from sukusuku_server.db import Operations
from tests.server.rounds.plan_cases import MORNING
from tests.server.rounds.three_centres import TOWN, derive
from tests.support.databases import store


@pytest.fixture
def facility(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(show, "now_ms", lambda: MORNING)
    path = tmp_path / "facility.toml"
    path.write_text(TOWN, encoding="utf-8")
    readings = store(tmp_path)
    derive(readings, "tobu-unit-1", percent=85.0, hours=10)
    derive(readings, "tobu-unit-2", percent=20.0, hours=200)
    readings.close()
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["rounds", "plan", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    status = main(["rounds", "plan", *map(str, arguments)])
    return status, capsys.readouterr().err


def test_the_plan_is_a_table_with_reasons_in_japanese(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, facility)

    lines = text.splitlines()
    assert lines[0].startswith("11月25日（水）")
    stops = lines[lines.index("次の順に袋の回収をお願いします。") + 1 :]
    assert stops[0].split() == ["順", "到着予定", "センター", "圧縮機", "充填率", "回収期限", "積載見込み", "理由"]
    assert any("東部" in line and "85 %" in line for line in stops[1:3])
    assert any("西部" in line for line in stops[1:3])
    assert "回収が必要なのに、今回の回収に組み込めなかったもの" in lines
    assert "今回の回収の対象外" in lines
    assert "great circle x 1.35" in lines[-1]


def test_and_in_english(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, facility, "--lang", "en", "--date", "2026-11-25")

    assert "North round" in text
    for title in ("Needs a visit, but not on this round", "Not on this round"):
        assert title in text.splitlines()
    assert "Enough space until the next round" in text
    assert "Route computed by: 2 stops by PyVRP" in text


def test_as_json_it_has_every_unit_once(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (plan,) = json.loads(printed(capsys, facility, "--json"))

    assert (plan["round"], plan["date"]) == ("north", "2026-11-25")
    assert [stop["position"] for stop in plan["stops"]] == [1, 2, None, None]
    reasons = {stop["asset"]: stop["reason"] for stop in plan["stops"]}
    assert reasons == {
        "tobu-unit-1": "full",
        "seibu-unit-1": "silent",
        "nanbu-unit-1": "no_place",
        "tobu-unit-2": "enough_room",
    }


def test_nothing_is_stored(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, facility)
    operations = Operations(f"sqlite:///{facility.parent / 'operations.db'}")

    assert operations.mails() == []
    operations.close()


def test_a_day_without_a_round_is_said_and_a_round_can_be_forced(
    facility: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, facility, "--date", "2026-11-26", "--lang", "en") == "There is no round on that day.\n"
    assert "26 Nov" in printed(capsys, facility, "--date", "2026-11-26", "--round", "north", "--lang", "en")


def test_wrong_calls_are_explained(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, facility, "--round", "west") == (
        2,
        "sukusuku rounds: there is no round `west`; there are ['north']\n",
    )
    start = TOWN.index("[[round]]")
    facility.write_text(TOWN[:start] + TOWN[TOWN.index("[[site]]") :], encoding="utf-8")
    status, error = refused(capsys, facility)
    assert status == 2
    assert "has no [[round]]" in error
    with pytest.raises(SystemExit):
        main(["rounds", "plan", str(facility), "--date", "tomorrow"])


def test_without_a_store_there_is_no_plan(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (facility.parent / "readings.db").unlink()

    status, error = refused(capsys, facility)
    assert status == 1
    assert "there is no store yet" in error
