"""Where the key of an edge node is, and who may read it."""

from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_core.proof import ProofKey
from sukusuku_edge.settings import read
from tests.edge import edge_settings

BODY = edge_settings.BOARD + edge_settings.UNIT


def settings(folder: Path, uplink: str, *, head: str = "") -> Path:
    return edge_settings.write(folder, head + edge_settings.HEAD + BODY + f"\n[uplink]\n{uplink}\n")


def key_file(folder: Path, text: str, mode: int = 0o600) -> None:
    path = folder / "node.key"
    path.write_text(text, encoding="ascii")
    path.chmod(mode)


def test_the_key_is_in_a_file_beside_the_settings_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ProofKey.new()
    key_file(tmp_path, key.text + "\n")
    assert read(settings(tmp_path, 'key_file = "node.key"')).key == key
    monkeypatch.setenv("NODE_KEY", key.text)
    assert read(settings(tmp_path, 'key = "env:NODE_KEY"')).key == key
    assert read(settings(tmp_path, "")).key is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_other_accounts_may_use_is_refused_with_what_to_do(tmp_path: Path, mode: int) -> None:
    key_file(tmp_path, ProofKey.new().text, mode)
    with pytest.raises(ConfigError, match=rf"uplink.key_file: .*\(mode {mode:o}\): chmod 600"):
        read(settings(tmp_path, 'key_file = "node.key"'))


@pytest.mark.parametrize(
    ("uplink", "said"),
    [
        ('key_file = "nothing.key"', "uplink.key_file: .*cannot be read"),
        ('key_file = "node.key"', "uplink.key_file: not Base64"),
        ('key = "c2hvcnQ="', "uplink.key: a key has 32 bytes, found 5"),
        ('key = "c2hvcnQ="\nkey_file = "node.key"', "uplink: give `key_file` or `key`, not both"),
    ],
)
def test_what_is_no_key_is_told_without_being_shown(tmp_path: Path, uplink: str, said: str) -> None:
    key_file(tmp_path, "secret, but no key")
    with pytest.raises(ConfigError, match=said) as caught:
        read(settings(tmp_path, uplink))
    assert "secret" not in str(caught.value)
    assert "c2hvcnQ" not in str(caught.value)


def test_a_key_with_a_host_that_gives_no_acknowledgements_is_refused(tmp_path: Path) -> None:
    key_file(tmp_path, ProofKey.new().text)
    with pytest.raises(ConfigError, match="of no use with `acknowledge = false`"):
        read(settings(tmp_path, 'key_file = "node.key"', head="acknowledge = false\n"))
