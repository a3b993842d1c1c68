"""`sukusuku-edge update`, where it does nothing."""

from pathlib import Path

import pytest

from sukusuku_edge.__main__ import main

NODE = 'group = "toshima"\nnode = "tobu-pi"\n'


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ("", 2, "there is no [update]; expected at least url"),
        ('[update]\nurl = "ftp://a"\n', 2, "update.url"),
        ('[update]\nurl = "http://a"\nwindow = "2-4"\n', 2, "update.window"),
        ('[update]\nurl = "http://a"\nfolder = "/proc/none"\n', 1, "an update needs root"),
        ('[update]\nurl = "http://a"\nfolder = "FOLDER"\n', 1, "was not installed as a Debian package"),
    ],
)
def test_why_nothing_is_done_is_said_in_words(
    more: str, status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "edge.toml"
    settings.write_text(NODE + more.replace("FOLDER", str(tmp_path / "noted")), encoding="utf-8")
    assert main(["update", str(settings), "--now"]) == status
    assert said in capsys.readouterr().err
