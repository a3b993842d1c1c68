"""One API process for a folder of operators."""

import shutil
from pathlib import Path

from tests.api import two_centres as worlds
from tests.api.test_two_processes import api
from tests.support.patience import until


def _town(folder: Path, name: str, host: str) -> Path:
    folder.mkdir()
    worlds.make(folder).close()
    head, tail = worlds.FACILITY.replace("Toshima City", name).split("[[site]]", 1)
    (folder / "facility.toml").write_text(f'{head}[web]\nurl = "https://{host}"\n[[site]]{tail}', encoding="utf-8")
    return folder


def test_each_is_served_under_its_name_and_what_is_wrong_with_one_stops_no_other(tmp_path: Path) -> None:
    _town(tmp_path / "nerima", "Nerima", "nerima.example.jp")
    toshima = _town(tmp_path / "toshima", "Toshima", "toshima.example.jp")
    _town(tmp_path / "wrong", "Wrong", "wrong.example.jp").joinpath("facility.toml").write_text("[operator", "utf-8")

    with api(tmp_path) as client:

        def page(host: str) -> tuple[int, str]:
            answer = client.get("/sign-in?lang=en", headers={"host": host})
            return answer.status_code, answer.text

        until(lambda: page("toshima.example.jp")[0] == 200, "one was not served")
        until(lambda: page("nerima.example.jp:443")[0] == 200, "the other was not served")
        _town(tmp_path / "copy", "Copied", "nerima.example.jp")  # it is not served: the name is taken
        assert "Toshima" in page("toshima.example.jp")[1]
        assert "Nerima" in page("nerima.example.jp")[1]
        for nobodys in ("wrong.example.jp", "127.0.0.1", "localhost", "example.jp"):
            assert page(nobodys)[0] == 421
        shutil.move(toshima, tmp_path.with_suffix(".away"))
        until(lambda: page("toshima.example.jp")[0] == 421, "one whose settings had gone was served")
        assert page("nerima.example.jp")[0] == 200
