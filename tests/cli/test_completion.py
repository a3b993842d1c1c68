"""What the Tab key offers, in a real bash."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import COMMANDS, main
from sukusuku_edge.__main__ import main as edge

WORDS = """
source ./script
while IFS= read -r line; do
    eval "COMP_WORDS=($line)"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    "$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')" "${COMP_WORDS[0]}" "${COMP_WORDS[-1]}"
    echo "${COMPREPLY[*]}"
done
"""


def offered(folder: Path, script: str, *calls: str) -> list[set[str]]:
    """What bash would offer for the last word of each call; '' is a word that is not begun."""
    (folder / "script").write_text(script, encoding="utf-8")
    (folder / "ward.toml").touch()
    answer = subprocess.run(
        ["bash", "--norc", "-c", WORDS],
        input="".join(f"{call}\n" for call in calls),
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""
    return [set(line.split()) for line in answer.stdout.splitlines()]


def test_bash_knows_commands_options_choices_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    everything, nested, options, choices, files = offered(
        tmp_path,
        capsys.readouterr().out,
        "sukusuku ''",
        "sukusuku store ''",
        "sukusuku demo --",
        "sukusuku demo --store ''",
        "sukusuku api wa",
    )
    assert everything == {*COMMANDS}
    assert nested == {"check", "migrate", "move"}
    assert {"--for", "--json", "--store"} <= options
    assert choices == {"influx", "sqlite"}
    assert files == {"ward.toml"}


def test_the_agent_completes_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert edge(["completion", "bash"]) == 0
    commands, parity, files = offered(
        tmp_path,
        capsys.readouterr().out,
        "sukusuku-edge ''",
        "sukusuku-edge probe x y --parity ''",
        "sukusuku-edge check wa",
    )
    assert commands == {"run", "check", "status", "probe", "enrol", "update", "completion"}
    assert parity == {"N", "E", "O"}
    assert files == {"ward.toml"}


@pytest.mark.parametrize("program", [main, edge])
def test_zsh_gets_a_script_of_its_own(program: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(program)
    assert program(["completion", "zsh"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("#compdef sukusuku")
    if shutil.which("zsh"):
        (tmp_path / "script").write_text(said, encoding="utf-8")
        subprocess.run(["zsh", "-n", tmp_path / "script"], check=True)
