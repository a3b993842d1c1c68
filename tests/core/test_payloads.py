"""JSON profiles read messages as sensors send them: payloads with the expected values beside them, also odd ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core import jsonmap, profile
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality
from sukusuku_core.profile import JsonProfile

FOLDER = Path(__file__).parents[1] / "fixtures" / "payloads"
JSON = {name: item for name, item in profile.builtin().items() if isinstance(item, JsonProfile)}
CASES = sorted(path for path in FOLDER.glob("*/*") if not path.name.endswith(".expected.json"))


def expected(path: Path) -> Any:
    return json.loads(path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}-{path.stem}" for path in CASES])
def test_a_payload_is_read(path: Path) -> None:
    wanted = expected(path)
    own = JSON[path.parent.name]
    if "error" in wanted:
        with pytest.raises(DecodeError) as caught:
            jsonmap.decode_all(own, path.read_bytes(), wanted.get("topic", ""))
        assert caught.value.reason == wanted["error"]
        return

    found = jsonmap.decode_all(own, path.read_bytes(), wanted.get("topic", ""))

    shown = []
    for sample in found:
        values = {name: decoded.value for name, decoded in sample.values.items()}
        rest = {"time": sample.time, "sequence": sample.sequence}
        shown.append({"values": values} | {key: value for key, value in rest.items() if value is not None})
        for decoded in sample.values.values():
            assert decoded.quality is (Quality.BAD if decoded.value is None else Quality.GOOD)
    assert shown == wanted["samples"]
    assert sorted({field for sample in found for field in sample.refused}) == wanted.get("refused", [])


def test_every_json_profile_has_payloads() -> None:
    published = {path.stem for path in (FOLDER.parent / "published").glob("*.json")}
    assert {path.parent.name for path in CASES} <= set(JSON)
    assert {path.parent.name for path in CASES} | published == set(JSON)
