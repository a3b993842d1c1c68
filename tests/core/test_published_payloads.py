"""Every JSON profile reads what its makers and bridges have published: payloads that nobody here has made up.

`tests/fixtures/published/NAME.json` lists them for the profile NAME: `source` says in which document or issue a
payload stands, `message` is the payload (with `topic`, where each value has its own), `values` and `time` (UTC ms)
what it says. What the network server puts around the values of a LoRaWAN sensor follows the server's document.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core import jsonmap, profile
from sukusuku_core.profile import JsonProfile

FOLDER = Path(__file__).parents[1] / "fixtures" / "published"
JSON = {name: item for name, item in profile.builtin().items() if isinstance(item, JsonProfile)}
FEWEST = 2
UNPUBLISHED = {
    "thingsboard-people": "ThingsBoard's documents show this form with other fields than `peopleCnt`",
    "xovis": "the maker's document of the data push is not public",
}
"""Profiles without payloads of others, and why; `fixtures/payloads` has what was inferred of them."""


def published(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return cases


CASES = [(path.stem, n) for path in sorted(FOLDER.glob("*.json")) for n in range(len(published(path.stem)))]


@pytest.mark.parametrize(("name", "place"), CASES, ids=[f"{name}-{place + 1}" for name, place in CASES])
def test_a_published_payload_is_read(name: str, place: int) -> None:
    case = published(name)[place]
    message = case["message"]
    payload = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)

    samples = jsonmap.decode_all(JSON[name], payload.encode(), case.get("topic", ""))

    read = {point: decoded.value for sample in samples for point, decoded in sample.values.items()}
    times = [sample.time for sample in samples if sample.time is not None]
    assert read == case["values"]
    assert times == ([case["time"]] if "time" in case else [])
    assert sorted({field for sample in samples for field in sample.refused}) == case.get("refused", [])


@pytest.mark.parametrize("name", sorted(JSON.keys() - UNPUBLISHED))
def test_every_profile_has_payloads_of_others_and_says_whose(name: str) -> None:
    cases = published(name)

    assert len(cases) >= FEWEST
    assert len({json.dumps([case["message"], case.get("topic", "")], sort_keys=True) for case in cases}) == len(cases)
    assert all(case["source"].strip() for case in cases)
    assert any(case["values"] for case in cases)


def test_no_file_is_left_without_its_profile() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == JSON.keys() - UNPUBLISHED
