"""The schemas by which editors complete settings files: they take what the loader takes, and explain every key."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator

from sukusuku_cli import check
from sukusuku_core.settings_schema import schema
from sukusuku_demo import files
from sukusuku_demo.settings import Ports
from sukusuku_edge.__main__ import main as edge_main

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    ("facility", ROOT / "collector/deploy/facility.example.toml"),
    ("edge", ROOT / "edge/deploy/edge.example.toml"),
    *(("scenario", path) for path in sorted((ROOT / "firmware-sim/sukusuku_sim/scenarios").glob("*.toml"))),
    *(("profile", path) for path in sorted((ROOT / "edge/sukusuku_core/profiles").glob("*.toml"))),
]


@cache
def described(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(schema(check.KINDS[kind].settings))
    Draft7Validator.check_schema(found)
    return found


def complaints(kind: str, text: str) -> list[str]:
    """What an editor would say; TOML's dates are texts to it."""
    data = json.loads(json.dumps(tomllib.loads(text), default=str))
    return [error.message for error in Draft7Validator(described(kind)).iter_errors(data)]


@pytest.mark.parametrize(("kind", "path"), EXAMPLES, ids=lambda value: getattr(value, "name", value))
def test_every_file_that_we_ship_fits_its_schema(kind: str, path: Path) -> None:
    assert complaints(kind, path.read_text(encoding="utf-8")) == []


def test_the_settings_of_the_demo_fit(tmp_path: Path) -> None:
    files.write(tmp_path, Ports(), datetime(2026, 11, 25, tzinfo=UTC))

    assert complaints("facility", (tmp_path / "facility.toml").read_text(encoding="utf-8")) == []
    for path in tmp_path.glob("edge-*.toml"):
        assert complaints("edge", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        ("facility", "fill_rise =", "fill_raise =", "'fill_raise' was unexpected"),
        ("facility", 'id = "tobu"', 'id = "東部"', "'東部' does not match"),
        ("facility", "[broker]", '[broker]\nprotocol = "4"', "'4' is not one of ['3.1.1', '5']"),
        ("facility", 'mail = "chief@example.jp"', "mail = 5", "5 is not of type 'string'"),
        ("edge", "keepalive = 10", "keepalive = 1", "1 is less than the minimum of 2"),
        ("edge", 'node = "tobu-pi"', "", "'node' is a required property"),
    ],
)
def test_what_the_loader_refuses_an_editor_marks(kind: str, old: str, new: str, said: str) -> None:
    text = dict(EXAMPLES)[kind].read_text(encoding="utf-8")
    assert old in text

    assert any(said in message for message in complaints(kind, text.replace(old, new, 1)))


GATEWAY = """
[[gateway]]
id = "bms"

[[gateway.metric]]
name = "Mode"
asset = "unit-1"
metric = "State"
values = { RUN = 3, "0" = 0 }
"""


def test_gateways_are_described() -> None:
    text = dict(EXAMPLES)["facility"].read_text(encoding="utf-8") + GATEWAY

    assert complaints("facility", text) == []
    assert complaints("facility", text.replace('name = "Mode"\n', "")) == ["'name' is a required property"]
    assert complaints("facility", text.replace("values =", "value =")) != []


def test_the_environment_may_stand_for_any_text() -> None:
    text = dict(EXAMPLES)["edge"].read_text(encoding="utf-8")

    assert complaints("edge", text.replace('node = "tobu-pi"', 'node = "env:HOSTNAME"')) == []


@pytest.mark.parametrize("kind", check.KINDS)
def test_every_table_stands_under_its_name_and_says_what_it_is(kind: str) -> None:
    tables = described(kind)["$defs"]

    assert all("." not in name and definition.get("description") for name, definition in tables.items())
    assert {"type": "null"} not in list(_nodes(tables)), "TOML cannot say it"


def test_a_key_is_explained_by_the_text_below_it() -> None:
    properties = described("edge")["$defs"]["OutboxSettings"]["properties"]

    assert properties["max_megabytes"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000,
        "default": 500,
        "description": "The same for the size of the file.",
    }


def test_both_commands_print_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == described("facility")
    assert check.main(["--schema", "edge"]) == 0
    printed = capsys.readouterr().out
    assert edge_main(["check", "--schema"]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("arguments", [[], ["--schema", "facility", "facility.toml"], ["--schema", "house"]])
def test_a_file_or_the_schema_is_asked_for(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        check.main(arguments)


class Odd(msgspec.Struct):
    """Keys whose names mean something in a schema."""

    default: int = 1
    """One."""
    pattern: str = "a"
    properties: tuple[int, str] | None = None


def test_names_of_keys_are_no_words_of_the_schema() -> None:
    assert json.loads(schema(Odd))["$defs"]["Odd"]["properties"] == {
        "default": {"type": "integer", "default": 1, "description": "One."},
        "pattern": {"type": "string", "default": "a"},
        "properties": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": [{"type": "integer"}, {"type": "string"}],
        },
    }


def _nodes(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
    for item in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _nodes(item)
