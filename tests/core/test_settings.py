"""The settings loader: every error names file, key path, what was found and what is allowed."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from sukusuku_core.errors import ConfigError, WrongSettingsError
from sukusuku_core.settings import Id, Percent, Port, PositiveSeconds, Settings, load, parse

RULE = "letters, digits, `_`, `.`, `-`; at most 63; a letter or digit first"


class Broker(Settings, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 1883
    password: str | None = None


class Device(Settings, frozen=True, kw_only=True):
    id: Id
    poll: PositiveSeconds = 10.0
    parity: Literal["N", "E", "O"] = "N"
    level: Percent | None = None
    spans: dict[str, Annotated[int, msgspec.Meta(gt=0)]] = msgspec.field(default_factory=dict)


class File(Settings, frozen=True, kw_only=True):
    broker: Broker = Broker()
    device: tuple[Device, ...] = ()


def test_a_right_file_is_a_value() -> None:
    text = '[broker]\nport = 8883\n[[device]]\nid = "unit-1"\nspans = {a = 1}\n'
    assert parse(text, File, "x.toml") == File(broker=Broker(port=8883), device=(Device(id="unit-1", spans={"a": 1}),))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("port 1", "x.toml: not valid TOML: Expected '=' after a key in a key/value pair (at line 1, column 6)"),
        ("brokers = 1", "x.toml: top level: unknown key `brokers`; did you mean `broker`? Allowed: broker, device"),
        (
            "[broker]\nprot = 1",
            "x.toml: broker: unknown key `prot`; did you mean `port`? Allowed: host, password, port",
        ),
        ("[broker]\nzzz = 1", "x.toml: broker: unknown key `zzz`. Allowed: host, password, port"),
        ('[broker]\nport = "1883"', "x.toml: broker.port: expected `int`, got `str`, found '1883'"),
        ("[broker]\nport = 70000", "x.toml: broker.port: expected `int` <= 65535, found 70000"),
        ("[broker]\nport = true", "x.toml: broker.port: expected `int`, got `bool`, found True"),
        ("[[device]]\npoll = 1", "x.toml: device[0].id: missing, and it is required"),
        (
            '[[device]]\nid = "a"\n[[device]]\nid = "b"\npoll = 0.0',
            "x.toml: device[1].poll: expected `float` > 0.0, found 0.0",
        ),
        (
            '[[device]]\nid = "a"\nparity = "X"',
            "x.toml: device[0].parity: found 'X'. Allowed: N, E, O",
        ),
        ('[[device]]\nid = "a"\nlevel = 101', "x.toml: device[0].level: expected `float` <= 100.0, found 101"),
        (
            '[[device]]\nid = "a b"',
            f"x.toml: device[0].id: expected `str`, an id: {RULE}, found 'a b'",
        ),
        ('[[device]]\nid = "a"\nspans = {b = 0}', "x.toml: device[0].spans[...]: expected `int` >= 1"),
        ("device = 5", "x.toml: device: expected `array`, got `int`, found 5"),
        ('[broker]\nhost = "a\\u0000b"', "x.toml: broker.host: found the character U+0000, which is allowed nowhere"),
        (f"device = {'[' * 60}{']' * 60}", "x.toml: not valid TOML: tables or lists are nested deeper than 50"),
        (f"{'x.' * 5_000}y = 1", "x.toml: not valid TOML: tables or lists are nested deeper than 50"),
    ],
)
def test_a_wrong_file_is_explained(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, File, "x.toml")
    assert str(caught.value) == error


@pytest.mark.parametrize("text", [f"device = {'[' * 100_000}", f"device = {'9' * 5_000}"])
def test_what_the_parser_itself_stumbles_over_is_a_wrong_file(text: str) -> None:
    with pytest.raises(WrongSettingsError, match=r"^x\.toml: not valid TOML: "):
        parse(text, File, "x.toml")


def test_secrets_come_from_the_environment() -> None:
    text = '[broker]\npassword = "env:SECRET"\n'
    assert parse(text, File, "x.toml", {"SECRET": "s3"}).broker.password == "s3"
    with pytest.raises(ConfigError) as caught:
        parse(text, File, "x.toml", {})
    assert str(caught.value) == "x.toml: broker.password: the environment variable SECRET is not set"


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "edge.toml"
    with pytest.raises(ConfigError) as caught:
        load(missing, File)
    assert str(caught.value).startswith(f"{missing}: cannot be read: ")
    missing.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(missing, File)
    missing.write_text("[broker]\nport = 5\n", encoding="utf-8")
    assert load(missing, File).broker.port == 5


def test_an_id_ends_where_it_ends() -> None:
    with pytest.raises(ConfigError):
        parse('[[device]]\nid = "a\\n"', File, "x.toml")


def test_all_mistakes_are_told_at_once_each_with_its_key_path() -> None:
    text = """
[broker]
port = 70000
zzz = 1
password = "env:UNSET"
[[device]]
poll = 0.0
[[device]]
id = "a b"
spans = {b = 0}
"""
    with pytest.raises(WrongSettingsError) as caught:
        parse(text, File, "x.toml", {})

    found = [mistake.where for mistake in caught.value.mistakes]
    assert found == [
        "broker.password",
        "broker.port",
        "broker",
        "device[0].poll",
        "device[0].id",
        "device[1].id",
        "device[1].spans[...]",
    ]
    assert str(caught.value).splitlines() == [f"x.toml: {mistake}" for mistake in caught.value.mistakes]
