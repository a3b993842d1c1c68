import json
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from sukusuku_collector.dispatch import send
from sukusuku_server.db import MailState, Operations
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.rounds import sketch
from tests.server.rounds.plan_cases import DAY, MORNING
from tests.server.rounds.three_centres import TOWN, derive
from tests.support.databases import store

MAIL = '[mail]\nsender = "sukusuku@example.jp"\n'


@pytest.fixture
def facility(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(send, "now_ms", lambda: MORNING)
    path = tmp_path / "facility.toml"
    path.write_text(TOWN.replace("[[depot]]", f"{MAIL}[[depot]]", 1), encoding="utf-8")
    readings = store(tmp_path)
    derive(readings, "tobu-unit-1", percent=85.0, hours=10)
    readings.close()
    return path


def outcome(facility: Path) -> tuple[list[tuple[str, str, MailState]], int | None]:
    operations = Operations(f"sqlite:///{facility.parent / 'operations.db'}")
    try:
        run = Rounds(operations).of("north", DAY)
        mails = [(row.mail.recipient, row.mail.kind, row.state) for row in operations.mails()]
        return mails, None if run is None else run.told
    finally:
        operations.close()


def test_it_plans_and_puts_the_mail_into_the_outbox_once(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rounds", "send", str(facility), "--lang", "en", "--date", "2026-11-25"]) == 0
    assert capsys.readouterr().out.startswith("Wed 25 Nov, North round: mail queued (")
    assert outcome(facility) == ([("crew@example.jp", "round", MailState.WAITING)], 1)

    assert main(["rounds", "send", str(facility), "--lang", "en"]) == 0
    assert capsys.readouterr().out == "Wed 25 Nov, North round: already sent, nothing to do\n"
    assert len(outcome(facility)[0]) == 1


def test_in_japanese_and_as_json(
    facility: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketch, "_PROGRAM", "no.such.module")  # its mail goes without a picture, which takes seconds
    assert main(["rounds", "send", str(facility)]) == 0
    assert "メールを送信待ちに入れました" in capsys.readouterr().out
    assert main(["rounds", "send", str(facility), "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["sent_now"], row["run"]["told"], row["run"]["plan"]["round"]) == (False, 1, "north")
    assert row["state"] in {"told", "nobody_goes"}  # by the clock of this machine the round may be long over


def test_on_a_day_without_a_round_nothing_is_sent(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rounds", "send", str(facility), "--date", "2026-11-26", "--lang", "en"]) == 0
    assert capsys.readouterr().out == "There is no round on that day.\n"
    assert outcome(facility) == ([], None)


def test_without_a_mail_server_it_says_what_is_missing(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facility.write_text(TOWN, encoding="utf-8")

    assert main(["rounds", "send", str(facility)]) == 2
    assert "there is no [mail]" in capsys.readouterr().err


def test_without_anybody_to_tell_it_says_so(facility: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = facility.read_text(encoding="utf-8")
    facility.write_text(text.replace('[[round.crew]]\nname = "鈴木"\nmail = "crew@example.jp"\n', ""), encoding="utf-8")

    assert main(["rounds", "send", str(facility), "--lang", "en"]) == 0
    assert capsys.readouterr().out == "Wed 25 Nov, North round: not sent, there is no crew and no contact\n"
    assert outcome(facility) == ([], 0)
