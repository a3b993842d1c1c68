"""Accounts, access keys and links of displays from the command line of the server."""

from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from tests.collector.small_facility import facility_file

LOGIN = "kaori@city.example.jp"


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(facility_file(tmp_path, 1883))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """What a command prints that could be carried out."""
    assert main(arguments) == 0
    return capsys.readouterr().out.splitlines()


def test_an_account_is_added_invited_disabled_and_enabled(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["users", file, "add", LOGIN, "--name", "佐藤", "--role", "staff", "--site", "tobu", "--language", "en"]

    told, link = said(capsys, *words)
    assert "within seven days" in told
    assert "/welcome/" in link
    assert link.endswith("?lang=en")
    assert main(words) == 2
    assert f"sukusuku users: there is an account '{LOGIN}' already" in capsys.readouterr().err

    (line,) = said(capsys, "users", file, "list")
    assert line.split() == [LOGIN, "佐藤:", "staff", "at", "tobu", "(invited)"]
    said(capsys, "users", file, "disable", LOGIN)
    assert "(disabled, invited)" in said(capsys, "users", file, "list")[0]
    said(capsys, "users", file, "enable", LOGIN)
    assert said(capsys, "users", file, "list") == [line]
    assert said(capsys, "users", file, "reset", LOGIN)[1] != link


def test_a_key_is_printed_alone_a_display_gets_a_link_and_both_can_be_revoked(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--role", "viewer", "--site", "tobu", "--until", "2099-03-31"]
    (token,) = said(capsys, "keys", file, "add", "statistics", *words)
    (link,) = said(capsys, "keys", file, "display", "entrance", "--site", "tobu")
    assert "/d/" in link
    assert link.endswith("?site=tobu")

    api, display = said(capsys, "keys", file, "list")
    assert "statistics: viewer at tobu, never used" in api
    assert "entrance: display at tobu, never used" in display
    assert token not in api
    said(capsys, "keys", file, "revoke", api.split()[0])
    assert [line.endswith("(holds no more)") for line in said(capsys, "keys", file, "list")] == [True, False]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["users", "add", LOGIN, "--name", "x", "--role", "staff", "--site", "x"], "no centre 'x'; there are tobu"),
        (["users", "add", "kaori", "--name", "x", "--role", "staff"], "kaori: not a mail address like"),
        (["users", "reset", LOGIN], f"there is no account '{LOGIN}'"),
        (["keys", "add", "x", "--role", "viewer", "--site", "x"], "no centre 'x'; there are tobu"),
        (["keys", "display", "x", "--site", "x"], "no centre 'x'; there are tobu"),
        (["keys", "revoke", "7"], "there is no key 7"),
    ],
)
def test_what_is_wrong_is_told_under_the_name_of_the_command_and_nothing_is_kept(
    file: str, capsys: pytest.CaptureFixture[str], words: list[str], wrong: str
) -> None:
    command, *others = words

    assert main([command, file, *others]) == 2

    assert wrong in (text := capsys.readouterr().err)
    assert text.startswith(f"sukusuku {command}: ")
    assert said(capsys, command, file, "list") == []
