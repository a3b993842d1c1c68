"""A repository of packages, as the real apt sees it."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from tests.support.debian_packages import package

Apt = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sukusuku(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`sukusuku apt-repo` on a folder, with its key; what it prints."""

    def run(*words: str | Path, status: int = 0) -> str:
        key = [] if words[0] == "list" else ["--key", str(tmp_path / "repo.key")]
        arguments = ["apt-repo", str(tmp_path / "apt"), *map(str, words), "--lang", "en", *key]
        assert main(arguments) == status
        told = capsys.readouterr()
        return told.out + told.err

    run("key")
    return run


@pytest.fixture
def apt(tmp_path: Path) -> Apt:
    """The real apt in a world of its own, that trusts the repository's key and has the stage `stable`."""
    world = tmp_path / "pi"
    for folder in ("etc/apt/preferences.d", "lists/partial", "cache/archives/partial"):
        (world / folder).mkdir(parents=True)
    (world / "status").touch()
    source = f"deb [arch=amd64 signed-by={tmp_path}/apt/sukusuku.asc] file:{tmp_path}/apt stable main\n"
    (world / "sources.list").write_text(source, encoding="ascii")
    options = {
        "Dir::Etc": world / "etc/apt",
        "Dir::Etc::sourcelist": world / "sources.list",
        "Dir::State::lists": world / "lists",
        "Dir::State::status": world / "status",
        "Dir::Cache": world / "cache",
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def run(program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([program, *given, *words], capture_output=True, text=True, cwd=world, check=False)

    return run


def offered(apt: Apt) -> list[str]:
    """The versions that apt would install, after asking anew; newest first."""
    asked = apt("apt-get", "update", "-o", "APT::Update::Error-Mode=any")
    assert asked.returncode == 0, asked.stderr
    return [line.split("|")[1].strip() for line in apt("apt-cache", "madison", "sukusuku-edge").stdout.splitlines()]


def test_apt_takes_what_a_stage_has_and_nothing_of_another_one(
    sukusuku: Callable[..., str], apt: Apt, tmp_path: Path
) -> None:
    old, new = package(tmp_path, "0.1.0"), package(tmp_path, "0.2.0")
    assert "stable has sukusuku-edge 0.1.0 (amd64)" in sukusuku("add", "stable", old)
    sukusuku("add", "canary", new, package(tmp_path, "0.2.0", architecture="arm64"))
    assert offered(apt) == ["0.1.0"]
    assert "stable has sukusuku-edge 0.2.0 (amd64, arm64)" in sukusuku("promote", "canary", "stable")
    assert offered(apt) == ["0.2.0", "0.1.0"], "the one before stays, to go back to"
    assert "everything already" in sukusuku("promote", "canary", "stable")
    assert apt("apt-get", "download", "sukusuku-edge").returncode == 0
    assert (tmp_path / "pi/sukusuku-edge_0.2.0_amd64.deb").read_bytes() == new.read_bytes()
    sukusuku("remove", "stable", "sukusuku-edge", "0.2.0")
    assert offered(apt) == ["0.1.0"]
    assert sukusuku("list") == (
        "canary has sukusuku-edge 0.2.0 (amd64, arm64)\nstable has sukusuku-edge 0.1.0 (amd64)\n"
    )
    sukusuku("remove", "canary", "sukusuku-edge", "0.2.0")
    assert [path.name for path in (tmp_path / "apt/pool").iterdir()] == ["sukusuku-edge_0.1.0_amd64.deb"]


def test_apt_refuses_what_somebody_else_has_written(sukusuku: Callable[..., str], apt: Apt, tmp_path: Path) -> None:
    sukusuku("add", "stable", package(tmp_path, "0.1.0"))
    assert offered(apt) == ["0.1.0"]
    trusted = (tmp_path / "apt/sukusuku.asc").read_bytes()
    (tmp_path / "repo.key").unlink()
    sukusuku("key")  # another one
    sukusuku("add", "stable", package(tmp_path, "6.6.6"))
    (tmp_path / "apt/sukusuku.asc").write_bytes(trusted)
    assert apt("apt-get", "update", "-o", "APT::Update::Error-Mode=any").returncode != 0
    assert "6.6.6" not in apt("apt-cache", "madison", "sukusuku-edge").stdout


def test_a_package_that_is_not_the_one_that_was_signed_is_not_taken(
    sukusuku: Callable[..., str], apt: Apt, tmp_path: Path
) -> None:
    sukusuku("add", "stable", package(tmp_path, "0.1.0"))
    kept = tmp_path / "apt/pool/sukusuku-edge_0.1.0_amd64.deb"
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert offered(apt) == ["0.1.0"]
    assert apt("apt-get", "download", "sukusuku-edge").returncode != 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promote", "canary", "stable"), "there is no stage 'canary'; there are: stable"),
        (("remove", "stable", "sukusuku-edge", "9"), "stage stable does not have sukusuku-edge 9; it has"),
        (("add", "../up", "DEB"), "a stage is named in small letters"),
        (("add", "stable", "/etc/hostname"), "expected a Debian package"),
        (("add", "stable", "/nowhere.deb"), "cannot be read"),
        (("add", "stable", "OTHER"), "the repository has another sukusuku-edge 0.1.0 (amd64)"),
        (("key",), "there is a key already"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    words: Sequence[str], said: str, sukusuku: Callable[..., str], tmp_path: Path
) -> None:
    deb = package(tmp_path, "0.1.0")
    sukusuku("add", "stable", deb)
    other = tmp_path / "other.deb"
    other.write_bytes(deb.read_bytes() + b"\n")
    places = {"DEB": deb, "OTHER": other}
    assert said in sukusuku(*(places.get(word, word) for word in words), status=2)


def test_a_key_that_others_may_read_or_that_is_none_is_refused(sukusuku: Callable[..., str], tmp_path: Path) -> None:
    key, deb = tmp_path / "repo.key", package(tmp_path, "0.1.0")
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o640)
    assert "chmod 600" in sukusuku("add", "stable", deb, status=2)
    key.chmod(0o600)
    key.write_text("secret", encoding="ascii")
    told = sukusuku("add", "stable", deb, status=2)
    assert "expected an OpenPGP secret key" in told
    assert "backtrace" not in told
    key.unlink()
    assert "`key` makes one" in sukusuku("add", "stable", deb, status=2)
