"""The `sukusuku` command."""

from importlib import import_module

import pytest

from sukusuku_cli.__main__ import COMMANDS, main, usage


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_program_that_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    program = import_module(COMMANDS[name].module)

    with pytest.raises(SystemExit) as ended:
        program.main(["--help"])

    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "usage:" in text
    assert any("\u3040" <= character <= "\u9fff" for character in text), "the help has a Japanese sentence"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    assert capsys.readouterr().out.strip() == usage()
    assert all(f"  {name} " in usage() for name in COMMANDS)


def test_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colector"]) == 2

    assert "there is no command `colector`" in capsys.readouterr().err
