"""`sukusuku check`: kinds of files, and errors that name file and key path."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sukusuku_cli.check import main
from sukusuku_demo import files
from sukusuku_demo.settings import Ports
from tests.server.rounds.three_centres import TOWN

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)


def test_every_settings_file_of_the_demo_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.write(tmp_path, Ports(), NOW)

    status = main([str(path) for path in sorted(tmp_path.glob("*.toml"))])

    out = capsys.readouterr().out
    assert status == 0, out
    assert [line.split()[0] for line in out.splitlines()] == ["ok"] * 4
    assert "facility toshima: 2 sites, 6 assets, 3 contacts" in out
    assert "edge node tobu-pi: 7 devices, 3 assets" in out
    assert "scenario: 4 units, 2 rooms" in out


def test_the_example_of_a_facility_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUKUSUKU_SMTP_PASSWORD", "canary")
    example = Path(__file__).parents[2] / "collector/deploy/facility.example.toml"

    assert main([str(example)]) == 0

    out = capsys.readouterr().out
    assert "1 sites, 2 assets, 2 contacts" in out
    assert "canary" not in out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("capacity = 10", 'capacity = "ten"', "site[0].room[0].capacity: expected `int`, got `str`, found 'ten'"),
        ("fill_rise = 80", "fill_raise = 80", "alerts: unknown key `fill_raise`; did you mean `fill_rise`?"),
        ("fill_clear = 60", "fill_clear = 90", "alerts: fill_clear 90 must be below fill_rise 80"),
        ('id = "tobu-unit-2"', 'id = "tobu-unit-1"', "id `tobu-unit-1` is already used at site[0].unit[0]"),
        ('sites = ["tobu"]', 'sites = ["nanbu"]', "contact[0].sites: no site ['nanbu']"),
        ("[broker]", "[broker", "not valid TOML"),
        (
            "tobu-crew@toshima.example",
            "tobu crew@toshima.example",
            "contact[0].mail: not a mail address like name@example.jp:",
        ),
        ('url = "http://127', 'url = "ftp://127', "web.url: links in mails start with it"),
    ],
)
def test_a_wrong_facility_says_where_and_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    files.write(tmp_path, Ports(), NOW)
    path = tmp_path / "facility.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    assert main([str(path)]) == 2

    error = capsys.readouterr().err
    assert str(path) in error
    assert message in error


def test_all_mistakes_of_a_facility_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.write(tmp_path, Ports(), NOW)
    path = tmp_path / "facility.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ('id = "tobu-unit-2"', 'id = "tobu-unit-1"'),
        ('sites = ["tobu"]', 'sites = ["nanbu"]'),
        ("fill_clear = 60", "fill_clear = 90"),
        ('url = "http://127', 'url = "ftp://127'),
    ):
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")

    assert main([str(path)]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert [line.removeprefix(f"wrong  {path}: ").split(": ")[0] for line in lines] == [
        "site[0].unit[1].id",
        "contact[0].sites",
        "alerts",
        "web.url",
    ]


def test_a_file_of_no_known_kind_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.toml"
    path.write_text("colour = 3\n", encoding="utf-8")

    assert main([str(path)]) == 2
    assert "what kind of file is it?" in capsys.readouterr().err


def test_the_tables_that_the_example_leaves_out_are_right_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "collector/deploy/facility.example.toml").read_text(encoding="utf-8")
    optional = text[text.index("# [home_assistant]") : text.index("# [[gateway]]")]
    provider = text[text.index("# [oidc]") : text.index("[operations]")]
    for left_out in (optional, provider):
        text = text.replace(left_out, re.sub(r"^# ?", "", left_out, flags=re.MULTILINE))
    (tmp_path / "facility.toml").write_text(text, encoding="utf-8")
    (tmp_path / "webhook.key").write_text("unused\n", encoding="utf-8")
    for name in ("SMTP_PASSWORD", "BOOKINGS_URL", "OIDC_SECRET"):
        monkeypatch.setenv(f"SUKUSUKU_{name}", "http://canary")
    monkeypatch.setenv("SUKUSUKU_TEAMS_URL", "slack://TOKENA123/TOKENB123/TOKENC123456789012345678")

    assert main([str(tmp_path / "facility.toml")]) == 0, capsys.readouterr().err

    monkeypatch.setenv("SUKUSUKU_TEAMS_URL", "slak://canary")
    assert main([str(tmp_path / "facility.toml")]) == 2
    said = capsys.readouterr()
    assert "channel `teams`: url: apprise cannot use it (it begins with slak://)" in said.err
    assert "canary" not in said.err + said.out


def test_a_round_of_which_no_contact_would_hear_is_pointed_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "facility.toml"
    contact = '[mail]\nsender = "s@example.jp"\n[[contact]]\nname = "Repairs"\nmail = "r@example.jp"\nrules = [{}]\n'
    for rules, warned in (('"unit_fault"', True), ('"unit_fault", "collection"', False)):
        path.write_text(TOWN + contact.format(rules), encoding="utf-8")
        assert main([str(path)]) == 0
        found = "no contact hears when round `north` does not come to tobu, seibu, nanbu" in capsys.readouterr().out
        assert found is warned
