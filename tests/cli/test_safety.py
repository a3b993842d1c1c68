"""Risky settings, as `sukusuku check` and `sukusuku doctor` tell them."""

from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from tests.cli.doctor_world import FACILITY, Fine, findings, wrongs


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ('[broker]\nhost = "b.example"\nusername = "c"\npassword = "env:P"', {"broker.password"}),
        ('[broker]\nhost = "127.0.0.1"\nusername = "c"\npassword = "p"', {"broker.password"}),
        ('[broker]\nhost = "b.example"', {"broker"}),
        ('[broker]\nhost = "127.0.0.1"', set()),
        ('[broker]\nhost = "127.0.0.1"\nothers = ["b.example"]', {"broker"}),
        ('[web]\nhost = "0.0.0.0"', {"web.host"}),
        ('[web]\nhost = "::1"', set()),
        ('[mail]\nsender = "s@example.jp"\nhost = "m.example"\nusername = "u"\npassword = "env:P"', {"mail.password"}),
        ('[mail]\nsender = "s@example.jp"\nhost = "m.example"\nsecurity = "tls"\nusername = "u"\npassword = "env:P"', set()),  # noqa: E501
        ('[store]\nkind = "postgres"\n[store.postgres]\nurl = "postgresql://s@db.example/s"', {"store.postgres.url"}),
        ('[store]\nkind = "postgres"\n[store.postgres]\nurl = "postgresql://s@[::1]:5,db.example:6/s?target_session_attrs=primary"', {"store.postgres.url"}),  # noqa: E501
        ('[store]\nkind = "postgres"\n[store.postgres]\nurl = "postgresql://s@db.example/s?sslmode=require"', set()),
        ('[store]\nkind = "influx"\n[store.influx]\nurl = "http://i.example:8086"\ntoken = "env:P"\norg = "o"', {"store.influx.token"}),  # noqa: E501
        ('[ngsi_ld]\nurl = "http://n.example"\ntoken = "env:P"', {"ngsi_ld.token"}),
    ],
)  # fmt: skip
def test_risky_settings_are_told_by_doctor_and_by_check(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    where: set[str],
) -> None:
    monkeypatch.setenv("P", "canary-2026")

    found = findings(tmp_path, Fine(), f"{FACILITY}{settings}\n")
    assert main(["check", str(tmp_path / "facility.toml")]) == 0

    assert {subject.removeprefix("settings ") for subject in wrongs(found)} == where
    shown = capsys.readouterr().out
    warned = [line.split(": ")[1] for line in shown.splitlines() if line.startswith("warn")]
    assert set(warned) == where
    assert "canary" not in shown + str(found)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ('[broker]\nhost = "b.example"\nusername = "tobu-pi"\npassword = "env:P"', ["broker.password", "uplink"]),
        ('[broker]\nhost = "b.example"\n[sensors]\nhost = "s.example"', ["broker", "sensors", "uplink"]),
        ('acknowledge = false\n[broker]\nhost = "b.example"', ["broker"]),
        ('[broker]\nhost = "127.0.0.1"\nusername = "tobu-pi"\npassword = "canary-2026"', ["broker.password"]),
        ('[broker]\nhost = "127.0.0.1"', []),
    ],
)
def test_check_tells_risky_settings_of_an_edge_node(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    where: list[str],
) -> None:
    monkeypatch.setenv("P", "canary-2026")
    (tmp_path / "edge.toml").write_text(f'group = "x"\nnode = "tobu-pi"\n{settings}\n', encoding="utf-8")

    assert main(["check", str(tmp_path / "edge.toml")]) == 0

    shown = capsys.readouterr().out
    assert [line.split(": ")[1] for line in shown.splitlines() if line.startswith("warn")] == where
    assert "canary" not in shown


def test_a_password_that_is_a_number_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "facility.toml").write_text(
        f"{FACILITY}[broker]\nusername = 7\npassword = 12345678\n", encoding="utf-8"
    )

    assert main(["check", str(tmp_path / "facility.toml")]) == 2

    said = capsys.readouterr().err
    assert "broker.password: expected `str | null`, got `int`" in said
    assert "broker.username: expected `str | null`, got `int`, found 7" in said
    assert "12345678" not in said
